import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fetched, keptCredential } from './kept-credential.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

function counting(answers: (count: number) => Fetched<string>) {
  let count = 0
  const time = { nowMs: 1_000_000 }
  const source = keptCredential(
    () => Promise.resolve(answers(++count)),
    () => time.nowMs,
  )
  return { source, time, count: () => count }
}

function token(value: string, expiresAtMs?: number): Fetched<string> {
  return { ok: true, value, expiresAtMs }
}

test('a credential is asked for once, however many wait, and again shortly before it ends', async () => {
  const { source, time, count } = counting((nth) => token(`t${nth}`, 1_000_000 + nth * HOUR_MS))
  const answers = await Promise.all([source(), source(), source()])
  assert.deepEqual(
    answers.map((one) => one.ok && one.value),
    ['t1', 't1', 't1'],
  )
  time.nowMs += HOUR_MS - 4 * MINUTE_MS
  await source()
  assert.equal(count(), 1)
  time.nowMs += 2 * MINUTE_MS
  const renewed = await source()
  assert.deepEqual([renewed.ok && renewed.value, count()], ['t2', 2])
})

test('what does not end is asked for once', async () => {
  const { source, time, count } = counting(() => token('t'))
  await source()
  time.nowMs += 1000 * HOUR_MS
  await source()
  assert.equal(count(), 1)
})

test('a refusal is kept for a few seconds', async () => {
  const { source, time, count } = counting((nth) =>
    nth === 1 ? { ok: false, message: 'not now' } : token('t', 1_000_000 + HOUR_MS),
  )
  assert.deepEqual(await source(), { ok: false, message: 'not now' })
  time.nowMs += 4_999
  assert.deepEqual(await source(), { ok: false, message: 'not now' })
  assert.equal(count(), 1)
  time.nowMs += 1
  assert.equal((await source()).ok, true)
})

test('where it cannot be renewed, it is used until it ends, and no longer', async () => {
  const { source, time } = counting((nth) =>
    nth === 1 ? token('t', 1_000_000 + HOUR_MS) : { ok: false, message: 'gone' },
  )
  await source()
  time.nowMs += HOUR_MS - MINUTE_MS
  const early = await source()
  assert.equal(early.ok && early.value, 't')
  time.nowMs += MINUTE_MS
  assert.deepEqual(await source(), { ok: false, message: 'gone' })
})

test('who gives up leaves the others waiting, and a source that throws is asked again', async () => {
  const given = Promise.withResolvers<Fetched<string>>()
  let calls = 0
  const source = keptCredential(
    () => (++calls === 1 ? given.promise : Promise.reject(new Error('bug'))),
    () => 0,
  )
  const stop = new AbortController()
  const impatient = source(stop.signal)
  const patient = source()
  stop.abort()
  await assert.rejects(impatient, { name: 'AbortError' })
  given.resolve(token('over already', 0))
  assert.equal((await patient).ok, true)
  await assert.rejects(source(), /bug/)
  await assert.rejects(source(), /bug/)
  assert.equal(calls, 3)
})
