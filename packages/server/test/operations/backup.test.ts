import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createLogCopier } from '../../src/adapters/sqlite/log-copier.ts'
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts'
import { backupDataFolder, restoreDataFolder } from '../../src/offline-operations.ts'
import { writeBackupFile } from '../../src/operations/backup-file.ts'
import {
  type BackupParts,
  type BackupWish,
  stageBackup,
} from '../../src/operations/create-backup.ts'
import { anEvent, append, committed } from '../store-fixtures.ts'
import { type BackupWorld, backupWorld, makeRepository, PROJECT_ID } from './backup-world.ts'

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5)

function partsOf(world: BackupWorld): BackupParts {
  return {
    dataDir: world.dataDir,
    log: createLogCopier(join(world.dataDir, 'tiphys.db')),
    repositories: world.repositories,
    clock: { nowMs: () => NOW_MS },
    version: '0.0.0-test',
    hasKeyInSettings: false,
  }
}

async function backUp(world: BackupWorld, parts = partsOf(world), wish: BackupWish = {}) {
  await using staged = await stageBackup(parts, wish)
  const written = await writeBackupFile(world.file, () => staged.content())
  assert.equal(written.sizeBytes, staged.sizeBytes, 'the size is known before')
  return written
}

const restoreInto = (world: BackupWorld, name: string) =>
  restoreDataFolder({ file: world.file, dataDir: join(world.folder, name) })

test('a backup made while others write is of one moment, and restores to it', async (t) => {
  const world = await backupWorld(t)
  const { store } = world.data
  const filler = { filler: 'x'.repeat(2_000) }
  for (let run = 0; run < 50; run++) {
    const events = Array.from({ length: 20 }, () => anEvent({ data: filler }))
    await committed(store.commit(append(`run/p1/old-${run}`, 0, events)))
  }
  const before = await store.headPosition()
  let isOver = false
  const writing = (async () => {
    // Each commit writes two streams: a copy with one of them would be torn.
    for (let version = 0; !isOver; version++) {
      const [left] = append('left', version).writes
      const [right] = append('right', version).writes
      assert.ok(left && right)
      await committed(store.commit({ writes: [left, right], nowMs: NOW_MS }))
    }
  })()
  const { manifest } = await backUp(world)
  isOver = true
  await writing
  assert.ok(manifest.headPosition >= before)
  const restored = await restoreInto(world, 'restored')
  assert.equal(restored.manifest.headPosition, manifest.headPosition)
  const again = openSqlite({ file: join(world.folder, 'restored', 'tiphys.db') })
  t.after(() => again.close())
  const [left, right] = await Promise.all([again.store.read('left'), again.store.read('right')])
  assert.equal(left.length, right.length)
  assert.deepEqual(await again.store.read('run/p1/r1'), await store.read('run/p1/r1'))
  assert.equal((await again.store.verify()).broken, undefined)
})

test('what a restore changes: Argo CD counts as connected now, positions leave a gap', async (t) => {
  const world = await backupWorld(t)
  const pending = { state: 'pending', operation: '2026-01-02T03:00:00Z', uid: 'u', reason: '' }
  await world.data.documents.put('argocd-application', 'default/u', pending)
  const { manifest } = await backUp(world)
  const startedMs = Date.now()
  const restored = await restoreInto(world, 'restored')
  assert.deepEqual(restored.missingCommits, [])
  const again = openSqlite({ file: join(world.folder, 'restored', 'tiphys.db') })
  t.after(() => again.close())
  const instance = await again.documents.get('argocd-instance', 'default')
  assert.ok(Number(instance?.['connectedMs']) >= startedMs)
  assert.equal(instance?.['listedMs'], undefined)
  const bookmark = await again.documents.get('argocd-application', 'default/u')
  assert.equal(bookmark?.['state'], 'closed')
  const { rows } = await committed(again.store.commit(append('new', 0)))
  assert.ok((rows[0]?.position ?? 0) > manifest.headPosition + 900_000)
  assert.deepEqual(await again.store.verify(), { rows: 5 })
  assert.ok(existsSync(join(world.folder, 'restored', 'configuration', `${PROJECT_ID}.git`)))
  const left = readdirSync(join(world.folder, 'restored')).filter((name) => /partial/.test(name))
  assert.deepEqual(left, [])
})

test('a byte that flips anywhere, and a file that ends too early, are refused in a sentence', async (t) => {
  const world = await backupWorld(t)
  await backUp(world)
  const whole = readFileSync(world.file)
  const refused = async (bytes: Uint8Array, what: string) => {
    const content = Readable.from([bytes])
    await assert.rejects(
      writeBackupFile(join(world.folder, 'copy.tar'), () => content),
      (error: Error) =>
        error.name === 'BackupFileError' && /^[^\n]{20,}$/.test(error.message)
          ? true
          : assert.fail(what),
      what,
    )
    assert.ok(!existsSync(join(world.folder, 'copy.tar')), `${what}: nothing has the name`)
  }
  const places = new Set([0, 99, 124, 148, 156, 257, 511, 512, whole.length - 1])
  for (let at = 0; at < 4_096; at += 61) places.add(at)
  for (let at = 0; at < whole.length; at += 1_499) places.add(at)
  for (const at of places) {
    const flipped = Buffer.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ 0x01
    await refused(flipped, `byte ${at} of ${whole.length}`)
  }
  for (let length = 0; length < whole.length; length += 4_099) {
    await refused(whole.subarray(0, length), `cut off after ${length} bytes`)
  }
  await refused(Buffer.concat([whole, Buffer.alloc(512)]), 'something behind its end')
  await writeFile(world.file, Buffer.from(whole).fill('x', 5_000, 5_001))
  const dataDir = join(world.folder, 'restored')
  await assert.rejects(restoreInto(world, 'restored'), { name: 'BackupFileError' })
  assert.deepEqual(readdirSync(dataDir), ['tiphys.db.lock'], 'nothing is left behind')
  await backUp(world)
  await restoreInto(world, 'restored')
})

test('other forms than ours are told apart: newer, older, no backup at all', async (t) => {
  const world = await backupWorld(t)
  await using staged = await stageBackup(partsOf(world))
  const rewritten = async (change: object) => {
    const { createHash } = await import('node:crypto')
    const { tarHeader, paddingBytes } = await import('../../src/operations/tar-archive.ts')
    const body = Buffer.from(JSON.stringify({ ...staged.manifest, ...change }))
    const sum = Buffer.from(`${createHash('sha256').update(body).digest('hex')}\n`)
    const file = (name: string, content: Buffer) => [
      tarHeader({ name, sizeBytes: content.length, timeMs: NOW_MS }),
      content,
      Buffer.alloc(paddingBytes(content.length)),
    ]
    await writeFile(
      world.file,
      Buffer.concat([...file('manifest.json', body), ...file('manifest.sha256', sum)]),
    )
    return await restoreInto(world, 'restored').then(
      () => assert.fail('it was restored'),
      (error: Error) => `${error.name}: ${error.message}`,
    )
  }
  assert.match(
    await rewritten({ formatVersion: 2 }),
    /newer Tiphys \(0\.0\.0-test, backup format 2/,
  )
  assert.match(await rewritten({ formatVersion: 0 }), /backup format 0, which no Tiphys ever wrote/)
  assert.match(await rewritten({ format: 'other' }), /is no backup of Tiphys/)
  assert.match(await rewritten({ databaseForm: 999 }), /newer Tiphys .*form 999 of its tables/)
  assert.match(await rewritten({ headPosition: -1 }), /headPosition in its manifest\.json/)
  assert.match(
    await rewritten({ parts: [{ name: '../x', sizeBytes: 1, sha256: 'x' }] }),
    /parts\.0/,
  )
  assert.match(
    await rewritten({ repositories: [{ id: 'x/../../../victim', head: 'main' }] }),
    /repositories\.0\.id in its manifest\.json: is no name of a repository/,
  )
  assert.match(
    await rewritten({ repositories: [{ id: 'p-lost', head: 'main' }] }),
    /the bundle of p-lost is missing/,
  )
  const { parts } = staged.manifest
  assert.match(await rewritten({ parts: parts.slice(1) }), /tiphys\.db is missing/)
  assert.match(await rewritten({ parts: [...parts, parts[0]] }), /a part is named twice/)
  assert.match(await rewritten({}), /cut off .* before the end of tiphys\.db/)
  await writeFile(world.file, 'a text\n')
  await assert.rejects(restoreInto(world, 'restored'), /backup\.tar is no backup of Tiphys/)
})

test('a restore takes an empty folder that nobody uses', async (t) => {
  const world = await backupWorld(t)
  await backUp(world)
  await assert.rejects(restoreInto(world, 'data'), { name: 'DataFolderInUseError' })
  await mkdir(join(world.folder, 'other'))
  await writeFile(join(world.folder, 'other', 'letter.txt'), '')
  await assert.rejects(restoreInto(world, 'other'), /is not empty \(letter\.txt is in it\)/)
  assert.deepEqual(readdirSync(join(world.folder, 'other')), ['letter.txt'])
  await restoreInto(world, 'new/folder')
  await assert.rejects(restoreInto(world, 'new/folder'), /is not empty/)
  assert.equal(statSync(join(world.folder, 'new/folder/tiphys.db')).mode & 0o777, 0o600)
})

test('without a server the data folder itself is backed up, and only then', async (t) => {
  const world = await backupWorld(t)
  const wish = { dataDir: world.dataDir, file: world.file, hasKeyInSettings: false }
  await assert.rejects(backupDataFolder(wish), { name: 'DataFolderInUseError' })
  await world.data.close()
  const shares: number[] = []
  const written = await backupDataFolder({ ...wish, onProgress: (share) => shares.push(share) })
  assert.equal(written.sizeBytes, statSync(world.file).size)
  assert.equal(statSync(world.file).mode & 0o777, 0o600)
  const empty = { ...wish, dataDir: join(world.folder, 'nothing') }
  await assert.rejects(backupDataFolder(empty), { name: 'NoDataError' })
  assert.deepEqual(
    readdirSync(world.dataDir).filter((name) => name.startsWith('backup-staging')),
    [],
  )
})

test('the key of the secrets is in it only when asked for', async (t) => {
  const world = await backupWorld(t)
  const secret = { name: 'token', scope: 'argocd', keys: [], keyId: 'k', sealed: 'x' }
  await world.data.documents.put('secret', 'argocd/token', secret)
  const with_ = { includeSecretKey: true }
  await assert.rejects(backUp(world, partsOf(world), with_), /has no secret\.key to include/)
  await writeFile(join(world.dataDir, 'secret.key'), 'the key\n', { mode: 0o600 })
  const keyInSettings = { ...partsOf(world), hasKeyInSettings: true }
  await assert.rejects(backUp(world, keyInSettings, with_), /is in TIPHYS_SECRET_KEY/)
  await backUp(world)
  assert.equal(readFileSync(world.file).includes('the key'), false)
  const { unreadableSecrets } = await restoreInto(world, 'without')
  assert.deepEqual(unreadableSecrets, [{ name: 'token', scope: 'argocd' }])
  await backUp(world, partsOf(world), with_)
  const restored = await restoreInto(world, 'with')
  assert.deepEqual(restored.unreadableSecrets, [])
  assert.equal(readFileSync(join(world.folder, 'with', 'secret.key'), 'utf8'), 'the key\n')
  const dataDir = join(world.folder, 'forgotten')
  const forgotten = await restoreDataFolder({ file: world.file, dataDir, forgetSecrets: true })
  assert.equal(forgotten.forgottenSecrets, 1)
})

test('a project that is deleted between the copies makes it begin again', async (t) => {
  const world = await backupWorld(t)
  await makeRepository(world.dataDir, 'late')
  const parts = partsOf(world)
  let copies = 0
  const log: BackupParts['log'] = {
    async copyTo(file, options) {
      const copy = await parts.log.copyTo(file, options)
      copies++
      if (copies > 1) return copy
      await rm(join(world.dataDir, 'configuration', 'late.git'), { recursive: true })
      return { ...copy, projectIds: [...copy.projectIds, 'late'] }
    },
  }
  const { manifest } = await backUp(world, { ...parts, log })
  assert.equal(copies, 2)
  assert.deepEqual(manifest.repositories, [{ id: PROJECT_ID, head: 'refs/heads/main' }])
})

test('one that is given up leaves nothing behind', async (t: TestContext) => {
  const world = await backupWorld(t)
  const controller = new AbortController()
  controller.abort(new Error('enough'))
  await assert.rejects(backUp(world, partsOf(world), { signal: controller.signal }), /enough/)
  const left = readdirSync(world.dataDir).filter((name) => name.startsWith('backup-'))
  assert.deepEqual([left, existsSync(world.file)], [[], false])
})

test('commits that open runs are pinned to and no repository has are named', async (t) => {
  const world = await backupWorld(t)
  const commit = 'c0ffee'.padEnd(40, '0')
  const plan = { projectId: PROJECT_ID, pin: { main: commit } }
  const events = [{ event: anEvent(), projectId: PROJECT_ID, meta: { k: 'start', plan } }]
  const write = { stream: `run/${PROJECT_ID}/open`, expectedVersion: 0, events, open: true }
  await committed(world.data.store.commit({ writes: [write], nowMs: NOW_MS }))
  await backUp(world)
  const { openRuns, missingCommits } = await restoreInto(world, 'restored')
  assert.deepEqual([openRuns, missingCommits], [1, [commit]])
})
