import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import type { Store } from '../../src/ports/store.ts'
import { type Frame, openSse, type SseReader } from './sse-reader.ts'
import { type StreamHouse, startStreamHouse } from './stream-house.ts'

const PROJECT = '/api/tiphys/v1/projects/shop/events'
const STREAM = `${PROJECT}/stream`
const CONTEXT = '11111111-1111-4111-8111-111111111111'
const CONTEXT_STREAM = `/api/tiphys/v1/contexts/${CONTEXT}/events/stream`

async function house(t: { after(end: () => Promise<void>): void }): Promise<StreamHouse> {
  const started = await startStreamHouse()
  t.after(started.close)
  return started
}

const isOpen = (frame: { comment?: string }) => frame.comment === 'open'

test('a stream is what its specification says: type, retry, cursor, kinds', async (t) => {
  const { api, append, store } = await house(t)
  const reader = await openSse(`${api.url}${STREAM}?keptnOnly=false`)
  assert.equal(reader.status, 200)
  assert.equal(reader.headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.equal(reader.headers['cache-control'], 'no-store, no-transform')
  assert.equal(reader.headers['x-content-type-options'], 'nosniff')
  const opening = await reader.until(isOpen)
  assert.equal(opening.retry, '2000')
  assert.match(opening.id ?? '', /^[\w-]+$/)
  const id = await append({})
  const fact = await append({ type: 'dev.tiphys.note' })
  await append({ type: 'dev.tiphys.audit.project.create' })
  const last = await append({ type: 'sh.keptn.event.dev.delivery.triggered' })
  const events = await reader.events(3)
  assert.deepEqual(
    events.map((frame) => frame.event),
    ['keptn', 'dev.tiphys', 'keptn'],
  )
  assert.deepEqual(reader.eventIds(), [id, fact, last])
  const [first] = (await store.query({ eventId: id, offset: 0, limit: 1 })).events
  assert.deepEqual(events[0]?.data, first?.event)
  reader.close()
})

test('a project streams what comes from now on, filtered; a context everything', async (t) => {
  const { api, append } = await house(t)
  const before = await append({ context: CONTEXT })
  const queries = ['', '?stage=prod', '?service=orders', '?type=sh.keptn.event.a.started']
  const readers = await Promise.all(queries.map((query) => openSse(`${api.url}${STREAM}${query}`)))
  const all = await openSse(`${api.url}${STREAM}?from=beginning`)
  const context = await openSse(api.url + CONTEXT_STREAM)
  const late = await openSse(`${api.url}${CONTEXT_STREAM}?from=now`)
  const plain = await append({ context: CONTEXT })
  await append({ projectId: 'other', context: CONTEXT })
  await append({ type: 'dev.tiphys.note', context: CONTEXT })
  const prod = await append({ stage: 'prod' })
  const orders = await append({ service: 'orders' })
  const started = await append({ type: 'sh.keptn.event.a.started' })
  const expected = [[plain, prod, orders, started], [prod], [orders], [started]]
  for (const [index, reader] of readers.entries()) {
    await reader.events(expected[index]?.length ?? 0)
    assert.deepEqual(reader.eventIds(), expected[index], queries[index])
  }
  await all.events(5)
  assert.deepEqual(all.eventIds(), [before, plain, prod, orders, started])
  await context.events(2)
  assert.deepEqual(context.eventIds(), [before, plain])
  await late.events(1)
  assert.deepEqual(late.eventIds(), [plain])
  for (const reader of [...readers, all, context, late]) reader.close()
})

test('a reader that comes back goes on behind what it had, by header and by query', async (t) => {
  const { api, append } = await house(t)
  const ids = [await append({ context: CONTEXT }), await append({ context: CONTEXT })]
  for (const path of [`${STREAM}?from=beginning`, CONTEXT_STREAM]) {
    const first = await openSse(api.url + path)
    await first.events(1)
    const cursor = first.frames.find((frame) => frame.data !== undefined)?.id ?? ''
    first.close()
    const header = await openSse(api.url + path, { lastEventId: cursor })
    const joint = path.includes('?') ? '&' : '?'
    const query = await openSse(`${api.url}${path}${joint}lastEventId=${cursor}`)
    for (const reader of [header, query]) {
      await reader.events(1)
      assert.deepEqual(reader.eventIds(), [ids[1]], path)
      reader.close()
    }
  }
})

test('what cannot be streamed is refused with one sentence, before the stream begins', async (t) => {
  const { api, append } = await house(t)
  await append({ context: CONTEXT })
  await append({ context: CONTEXT, projectId: 'other' })
  const far = Buffer.from('p999999').toString('base64url')
  for (const [path, status, sentence, token] of [
    ['/api/tiphys/v1/projects/none/events/stream', 404, 'Project not found: none', 'admin'],
    [STREAM, 401, 'unauthenticated or invalid credentials', 'nobody'],
    [STREAM, 403, 'token trigger lacks the scope read that this request needs', 'trigger'],
    [STREAM, 403, 'token other-reader is for other, not for project shop', 'other-reader'],
    [`${STREAM}?lastEventId=nonsense`, 400, '"nonsense" is no cursor of this server', 'admin'],
    [`${STREAM}?lastEventId=${far}`, 400, 'this cursor lies behind the end of the log', 'admin'],
    [`${STREAM}?from=then`, 400, 'query parameter from must be beginning or now', 'admin'],
    [`${STREAM}?keptnOnly=maybe`, 400, 'keptnOnly must be true or false', 'admin'],
    [`${CONTEXT_STREAM}?until=noon`, 400, 'query parameter until must be end', 'admin'],
    [CONTEXT_STREAM, 400, `context ${CONTEXT} is in the projects other, shop; name one`, 'admin'],
    [`${CONTEXT_STREAM}?project=other`, 403, 'is for shop, not for project other', 'shop-reader'],
    ['/api/tiphys/v1/contexts/x/events/stream', 404, 'no event with the context x', 'admin'],
  ] as const) {
    const reader = await openSse(api.url + path, { token })
    assert.equal(reader.status, status, path)
    const { code, message } = JSON.parse(reader.refusal)
    assert.equal(code, status)
    assert.ok(message.includes(sentence), message)
  }
  // A token of one project is not told that the context is in another one too.
  const own = await openSse(api.url + CONTEXT_STREAM, { token: 'shop-reader' })
  await own.events(1)
  own.close()
  const head = await openSse(api.url + STREAM, { method: 'HEAD' })
  assert.equal(head.status, 200)
  await head.ended
})

test('no gap, no repeat, in order: while others write and readers come and go', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 30 }),
      fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }), { maxLength: 25 }),
      fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(6), { minLength: 1, maxLength: 20 }),
      async (written, batches, readers, pauses) => {
        const slow = slowStore(createMemoryStore(), pauses)
        const { api, append, store, close } = await startStreamHouse({ store: slow })
        try {
          await append({ context: CONTEXT })
          for (const isOurs of written) await append(isOurs ? { context: CONTEXT } : {})
          const readings = await Promise.all(
            readers.flatMap((dropAfter) =>
              [`${STREAM}?from=beginning`, CONTEXT_STREAM].map((path) =>
                follow(api.url + path, dropAfter),
              ),
            ),
          )
          for (const [index, batch] of batches.entries()) {
            await turns(pauses[index % pauses.length])
            await Promise.all(batch.map((isOurs) => append(isOurs ? { context: CONTEXT } : {})))
          }
          const rows = await store.readLog(0, 1_000)
          const everything = rows.map(({ event }) => event.id)
          const ours = rows
            .filter(({ event }) => event.shkeptncontext === CONTEXT)
            .map(({ event }) => event.id)
          for (const { path, seen } of readings) {
            const expected = path.endsWith(CONTEXT_STREAM) ? ours : everything
            assert.deepEqual(await seen(expected.length), expected)
          }
        } finally {
          await close()
        }
      },
    ),
    { numRuns: 60 },
  )
})

async function turns(count = 0): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}

/** Other work comes between a question and its answer, as it does with a disk. */
function slowStore(store: Store, pauses: readonly number[]): Store {
  let asked = 0
  async function pause(): Promise<void> {
    asked += 1
    await turns(pauses[asked % pauses.length])
  }
  async function between<T>(question: () => Promise<T>): Promise<T> {
    await pause()
    const answer = await question()
    await pause()
    return answer
  }
  return {
    ...store,
    query: (query) => between(() => store.query(query)),
    readLog: (after, limit) => between(() => store.readLog(after, limit)),
    headPosition: () => between(() => store.headPosition()),
  }
}

/** What has not come by now is missing. */
const LATEST_MS = 5_000

/** Reads to an end that is told later; loses its connection now and then, and comes back with its last cursor. */
function follow(path: string, dropAfter: readonly number[]) {
  const ids: string[] = []
  let cursor: string | undefined
  const drops = [...dropAfter]
  let wanted = Number.POSITIVE_INFINITY
  let current: SseReader | undefined

  async function read(): Promise<void> {
    while (ids.length < wanted) {
      const reader = await openSse(path, { lastEventId: cursor })
      current = reader
      const dropAt = drops.shift() ?? Number.POSITIVE_INFINITY
      const before = ids.length
      // Frames are looked at again with each piece that comes; each counts once.
      const known = new Set<Frame>()
      const isEnough = (frame: Frame) => {
        if (known.has(frame)) return false
        known.add(frame)
        if (frame.id !== undefined) cursor = frame.id
        if (frame.data !== undefined) ids.push(String((frame.data as { id: unknown }).id))
        return ids.length >= wanted || ids.length - before >= dropAt
      }
      await reader.until(isEnough).catch(() => undefined)
      reader.close()
    }
  }
  const reading = read()
  return {
    path,
    async seen(count: number): Promise<readonly string[]> {
      wanted = count
      if (ids.length >= wanted) current?.close()
      const late = setTimeout(() => {
        wanted = 0
        current?.close()
      }, LATEST_MS)
      await reading
      clearTimeout(late)
      return ids
    },
  }
}

test('by polling: the same events and the same cursors', async (t) => {
  const { api, append } = await house(t)
  const ids: string[] = []
  for (let count = 0; count < 7; count++) ids.push(await append({ context: CONTEXT }))
  await append({ projectId: 'other' })
  for (const path of [PROJECT, `/api/tiphys/v1/contexts/${CONTEXT}/events`]) {
    const seen: string[] = []
    let cursor = ''
    let isMore = true
    while (isMore) {
      const { json } = await api.send('GET', `${path}?limit=3&after=${cursor}`)
      const page = json as { events: { id: string }[]; cursor: string; more: boolean }
      seen.push(...page.events.map((event) => event.id))
      cursor = page.cursor
      isMore = page.more
    }
    assert.deepEqual(seen, ids)
    const reader = await openSse(`${api.url}${path}/stream`, { lastEventId: cursor })
    ids.push(await append({ context: CONTEXT }))
    await reader.events(1)
    assert.deepEqual(reader.eventIds(), ids.slice(-1))
    reader.close()
  }
  assert.equal((await api.send('GET', `${PROJECT}?after=x`)).status, 400)
})

test('the beginning of a context is read by its index, however long log and context are', async (t) => {
  const store = createMemoryStore()
  const readRows = { count: 0 }
  const counted: Store = {
    ...store,
    async readLog(after, limit) {
      const rows = await store.readLog(after, limit)
      readRows.count += rows.length
      return rows
    },
  }
  const { api, append, close } = await startStreamHouse({ store: counted })
  t.after(close)
  const ids: string[] = []
  const long = '22222222-2222-4222-8222-222222222222'
  for (let count = 0; count < 2_300; count++) {
    await append({})
    if (count % 300 === 0) ids.push(await append({ context: CONTEXT }))
    await append({ context: long })
  }
  const reader = await openSse(api.url + CONTEXT_STREAM)
  await reader.events(ids.length)
  assert.deepEqual(reader.eventIds(), ids)
  assert.ok(readRows.count <= ids.length, `${readRows.count} rows were read for ${ids.length}`)
  reader.close()
  const path = CONTEXT_STREAM.replace(CONTEXT, long)
  const longReader = await openSse(api.url + path)
  assert.equal((await longReader.events(2_300)).length, 2_300)
  assert.equal(new Set(longReader.eventIds()).size, 2_300)
  longReader.close()
})
