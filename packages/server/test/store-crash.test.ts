import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createSqliteStore } from '../src/adapters/sqlite/open-sqlite.ts'
import { DataFolderInUseError } from '../src/adapters/sqlite/owner-lock.ts'
import { temporaryFolder } from './store-folder.ts'

const WRITER = fileURLToPath(new URL('./store-writer.ts', import.meta.url))
const ROUNDS = 3
const ACKNOWLEDGED_PER_ROUND = 200

/** Lets a process write until it has said so often that something is on disk, and kills it in the middle. */
async function writeAndKill(file: string, acknowledged: Map<string, number>): Promise<void> {
  const child = spawn(process.execPath, [WRITER, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let seen = 0
  for await (const line of createInterface(child.stdout)) {
    const [stream, version] = line.split(' ')
    if (stream !== undefined) acknowledged.set(stream, Number(version))
    seen += 1
    if (seen === ACKNOWLEDGED_PER_ROUND) child.kill('SIGKILL')
  }
  const [, signal] = await exited
  assert.equal(signal, 'SIGKILL')
}

test('what was acknowledged is there after kill -9, whole and in order', async (t) => {
  const file = `${temporaryFolder(t)}/tiphys.db`
  const acknowledged = new Map<string, number>()
  for (let round = 0; round < ROUNDS; round++) {
    await writeAndKill(file, acknowledged)
    const store = createSqliteStore({ file })
    let rows = 0
    for (const [stream, version] of acknowledged) {
      const found = await store.read(stream)
      rows += found.length
      assert.ok(found.length >= version, `${stream} has ${found.length} rows of ${version}`)
      assert.equal(found.length % 2, 0, 'a unit is on disk whole or not at all')
      assert.deepEqual(
        found.map((row) => row.version),
        found.map((_, index) => index + 1),
      )
    }
    assert.deepEqual(await store.verify(), { rows })
    const effects = await store.dueEffects(0, rows)
    assert.equal(effects.length, rows / 2, 'each unit has its effect')
    assert.equal(await store.headPosition(), rows)
    await store.close()
  }
})

test('a data folder has one owner, and is free again when it dies', async (t) => {
  const file = `${temporaryFolder(t)}/tiphys.db`
  const child = spawn(process.execPath, [WRITER, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  await once(child.stdout, 'data')
  assert.throws(
    () => createSqliteStore({ file }),
    (error: Error) =>
      error instanceof DataFolderInUseError && error.message.includes('another Tiphys process'),
  )
  child.kill('SIGKILL')
  await exited
  const store = createSqliteStore({ file })
  assert.throws(() => createSqliteStore({ file }), DataFolderInUseError)
  await store.close()
  await createSqliteStore({ file }).close()
})
