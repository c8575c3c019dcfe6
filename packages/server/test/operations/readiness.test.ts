import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createReadiness, type ReadinessCheck } from '../../src/operations/readiness.ts'
import { StoreError } from '../../src/ports/store.ts'

/** A server's file, a disk and lists that do as the test says, and a clock that only the test moves. */
function aServer(t: TestContext, fold = () => Promise.resolve()) {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-readiness-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const databaseFile = join(folder, 'tiphys.db')
  writeFileSync(databaseFile, '')
  const world = {
    databaseFile,
    nowMs: 1_000_000,
    writes: 0,
    isFull: false,
    fold,
  }
  const check = createReadiness({
    databaseFile,
    clock: { nowMs: () => world.nowMs },
    documents: {
      put() {
        world.writes++
        const full = new StoreError('the log could not be written: disk is full', {
          retryable: true,
        })
        return world.isFull ? Promise.reject(full) : Promise.resolve(true)
      },
    },
    projections: { catchUp: () => world.fold() },
  })
  return { world, check }
}

async function reasonOf(check: ReadinessCheck): Promise<string | undefined> {
  const answer = await check.check()
  return answer.ready ? undefined : answer.reason
}

test('a disk that refuses writes is said, and that it takes them again', async (t) => {
  const { world, check } = aServer(t)
  assert.equal(await reasonOf(check), undefined)
  assert.equal(await reasonOf(check), undefined)
  assert.equal(world.writes, 1, 'asking again at once asks nobody')
  world.isFull = true
  world.nowMs += 6_000
  assert.match((await reasonOf(check)) ?? '', /disk is full/)
  world.nowMs += 1_001
  assert.match((await reasonOf(check)) ?? '', /disk is full/)
  world.isFull = false
  world.nowMs += 1_001
  assert.equal(await reasonOf(check), undefined)
})

test('a file of the log that is gone, or another one, is no place to write to', async (t) => {
  const { world, check } = aServer(t)
  assert.equal(await reasonOf(check), undefined)
  const aside = `${world.databaseFile}.aside`
  renameSync(world.databaseFile, aside)
  world.nowMs += 2_000
  assert.match((await reasonOf(check)) ?? '', /is gone/)
  writeFileSync(world.databaseFile, '')
  world.nowMs += 2_000
  assert.match((await reasonOf(check)) ?? '', /was replaced/)
  renameSync(aside, world.databaseFile)
  world.nowMs += 2_000
  assert.equal(await reasonOf(check), undefined)
})

test('lists that are far behind the log are said, until they are there', async (t) => {
  let finish = () => {}
  const slowly = () =>
    new Promise<void>((resolve) => {
      finish = resolve
    })
  const { world, check } = aServer(t, slowly)
  assert.match((await reasonOf(check)) ?? '', /still being folded/, 'after a start')
  finish()
  world.fold = () => Promise.resolve()
  world.nowMs += 1_001
  assert.equal(await reasonOf(check), undefined)
  world.fold = slowly
  world.nowMs += 1_001
  assert.equal(await reasonOf(check), undefined, 'a moment is nothing')
  world.nowMs += 6_000
  assert.match((await reasonOf(check)) ?? '', /6 s behind/)
  finish()
  world.fold = () => Promise.reject(new Error('row 7'))
  world.nowMs += 1_001
  assert.match((await reasonOf(check)) ?? '', /cannot be folded from the log: row 7/)
})

test('a server that stops says so at once', async (t) => {
  const { check } = aServer(t)
  assert.equal(await reasonOf(check), undefined)
  check.stop()
  assert.equal(await reasonOf(check), 'the server is stopping')
})
