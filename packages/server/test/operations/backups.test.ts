import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { createLogCopier } from '../../src/adapters/sqlite/log-copier.ts'
import { createBackups } from '../../src/operations/backups.ts'
import { anEvent, append, committed } from '../store-fixtures.ts'
import { type BackupWorld, backupWorld } from './backup-world.ts'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const ACTOR = { name: 'ada', scopes: ['admin' as const], projects: ['*'] }

async function backupsOf(world: BackupWorld) {
  const due: (() => void)[] = []
  const backups = await createBackups({
    dataDir: world.dataDir,
    log: createLogCopier(join(world.dataDir, 'tiphys.db')),
    repositories: world.repositories,
    // Alarms go off when the test says so.
    clock: {
      nowMs: () => Date.now(),
      at: (_dueMs, callback) => {
        due.push(callback)
        return () => void due.splice(due.indexOf(callback), 1)
      },
    },
    version: '0.0.0-test',
    hasKeyInSettings: false,
    logger: QUIET,
  })
  const { signal } = new AbortController()
  const create = () => backups.create({ includeSecretKey: false, actor: ACTOR, signal })
  /** The next one, once the one before has left. */
  const free = async () => {
    for (;;) {
      const answer = await create()
      if (answer.code === 'created') return answer
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { backups, create, free, due }
}

const stagings = (world: BackupWorld) =>
  readdirSync(world.dataDir).filter((name) => name.startsWith('backup-staging'))

test('one backup at a time; the next when it was taken, or when nobody takes it', async (t) => {
  const world = await backupWorld(t)
  // More than the buffers between the file and whoever reads.
  const data = { filler: 'x'.repeat(200_000) }
  for (let run = 0; run < 10; run++) {
    await committed(world.data.store.commit(append(`big/${run}`, 0, [anEvent({ data })])))
  }
  const { backups, create, free, due } = await backupsOf(world)
  const [first, second] = await Promise.all([create(), create()])
  assert.ok(first.code === 'created')
  assert.equal(second.code, 'busy')
  assert.equal((await create()).code, 'busy', 'also while it is sent')
  assert.equal((await buffer(first.content)).length, first.sizeBytes)

  const stalled = await free()
  stalled.content.read(1)
  while (due.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const broken = new Promise((resolve) => stalled.content.once('error', resolve))
  due[0]?.()
  assert.match(String(await broken), /Abort|nobody takes/)

  const last = await free()
  assert.equal(stagings(world).length, 1, 'what the others were made from is gone')
  last.content.once('error', () => undefined)
  await backups.close()
  assert.deepEqual(stagings(world), [])
  await assert.rejects(create(), /the server is stopping/)
})
