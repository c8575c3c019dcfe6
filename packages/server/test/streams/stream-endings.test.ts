import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts'
import type { ApiParts } from '../../src/api/parts.ts'
import { createTokens } from '../../src/security/tokens.ts'
import { SHIPYARD, startHouse } from '../api/house.ts'
import { ACTORS } from '../api/test-api.ts'
import { openSse } from './sse-reader.ts'
import { startStreamHouse } from './stream-house.ts'

const STREAM = '/api/tiphys/v1/projects/shop/events/stream'
const LIMITS = { perToken: 100, total: 500, stalledMs: 30_000 }
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const BYTES_PER_MB = 1024 * 1024

async function house(t: TestContext, parts: Partial<Omit<ApiParts, 'server'>> = {}) {
  const started = await startStreamHouse(parts)
  t.after(started.close)
  return started
}

test('a revoked token takes its streams along within seconds, and no other', async (t) => {
  const documents = createMemoryDocuments()
  const tokens = createTokens({ documents, clock: { nowMs: () => Date.now() } })
  const { generated: admin = '' } = await tokens.ensureBootstrapToken({})
  const { api, append } = await house(t, { tokens, authenticate: tokens.authenticate })
  const bootstrap = { name: 'bootstrap', scopes: ['admin'], projects: ['*'] } as const
  const wish = { name: 'wall', scopes: ['read'], projects: ['shop'] } as const
  const minted = await tokens.mint(wish, bootstrap)
  assert.ok(minted.code === 'minted')
  const readers = [1, 2].map(() => openSse(api.url + STREAM, { token: minted.token }))
  const [first, second] = await Promise.all(readers)
  const other = await openSse(api.url + STREAM, { token: admin })
  await tokens.revoke('wall', bootstrap)
  await Promise.all([first?.ended, second?.ended])
  assert.equal(first?.frames.at(-1)?.comment, 'token wall is not valid any more')
  const refused = await openSse(api.url + STREAM, { token: minted.token })
  assert.equal(refused.status, 401)
  const id = await append({})
  await other.events(1)
  assert.deepEqual(other.eventIds(), [id])
  other.close()
})

test('a token that lost the project, or the scope, reads no further', async (t) => {
  let wall = ACTORS['shop-reader']
  const { api } = await house(t, {
    authenticate: () =>
      wall === undefined
        ? Promise.reject(new Error('the disk is away'))
        : { code: 'authenticated', actor: wall },
  })
  const reader = await openSse(api.url + STREAM)
  await reader.until((frame) => frame.comment === 'open')
  // Not to be able to ask is no reason to end.
  wall = undefined
  await reader.until((frame) => frame.comment === 'still here')
  wall = ACTORS['other-reader']
  await reader.ended
  assert.match(reader.frames.at(-1)?.comment ?? '', /is for other, not for project shop/)
  wall = ACTORS['shop-reader']
  const again = await openSse(api.url + STREAM)
  wall = ACTORS['shop-configurer']
  await again.ended
  assert.match(again.frames.at(-1)?.comment ?? '', /lacks the scope read/)
})

test('a deleted project ends its streams; signs of life carry the newest cursor', async (t) => {
  const { api, append, projects } = await house(t)
  const reader = await openSse(`${api.url}${STREAM}?type=none`)
  await append({})
  const beat = await reader.until((frame) => frame.comment === 'still here')
  assert.notEqual(beat.id, reader.frames[0]?.id)
  projects.delete('shop')
  await reader.ended
  assert.equal(reader.frames.at(-1)?.comment, 'project shop was deleted')
})

test('more streams than a token may have, or the server, are refused until some end', async (t) => {
  const { api } = await house(t, { streamLimits: { ...LIMITS, perToken: 2, total: 3 } })
  const open = (token: string) => openSse(api.url + STREAM, { token })
  const first = await open('reader')
  const others = [await open('reader')]
  const refused = await open('reader')
  assert.equal(refused.status, 429)
  assert.ok(refused.headers['retry-after'])
  assert.match(refused.refusal, /token reader has 2 streams open, the most that one token may have/)
  others.push(await open('shop-reader'))
  const full = await open('admin')
  assert.equal(full.status, 503)
  assert.match(full.refusal, /3 streams are open, the most that this server serves/)
  first.close()
  await first.ended
  let again = await open('reader')
  // The server notices a moment later than the client.
  while (again.status !== 200) again = await open('reader')
  for (const reader of [...others, again]) reader.close()
})

test('a server that stops tells its readers, and does not wait for those that do not read', async () => {
  const { api, store, append } = await startStreamHouse()
  const reader = await openSse(api.url + STREAM)
  await openSse(api.url + STREAM, { paused: true })
  for (let count = 0; count < 200; count++) await append({ data: { text: 'x'.repeat(50_000) } })
  const beforeMs = Date.now()
  await api.close()
  assert.ok(Date.now() - beforeMs < 2_000)
  await reader.ended
  await store.close()
})

test('a reader that does not read is cut off, and costs no memory until then', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-streams-'))
  const { store, close } = openSqlite({ file: join(folder, 'log.db') })
  const cut: { count: number; told(): void } = { count: 0, told() {} }
  const log = {
    ...QUIET,
    info() {
      cut.count += 1
      cut.told()
    },
  }
  const streamLimits = { ...LIMITS, stalledMs: 1_500 }
  const started = await startStreamHouse({ store, log, streamLimits })
  t.after(async () => {
    await started.close()
    await close()
    rmSync(folder, { recursive: true, force: true })
  })
  const { api, append } = started
  const STALLED = 10
  const EVENTS = 400
  const paused = Array.from({ length: STALLED }, () => openSse(api.url + STREAM, { paused: true }))
  const stalled = await Promise.all(paused)
  const text = 'x'.repeat(60_000)
  const before = heldMb()
  for (let count = 0; count < EVENTS; count++) await append({ data: { text } })
  const grown = heldMb() - before
  const sentMb = (EVENTS * text.length) / BYTES_PER_MB
  assert.ok(grown < sentMb / 4, `${grown} MB more for ${sentMb} MB that ${STALLED} did not read`)
  // Whoever reads gets all of it, whatever the others do.
  const reader = await openSse(`${api.url}${STREAM}?from=beginning`)
  await reader.events(EVENTS)
  reader.close()
  await new Promise<void>((resolve) => {
    cut.told = () => {
      if (cut.count === STALLED) resolve()
    }
    cut.told()
  })
  for (const one of stalled) one.resume()
  await Promise.all(stalled.map((one) => one.ended))
  for (const one of stalled) assert.ok(one.eventIds().length < EVENTS)
  // And may come back for the rest.
  const [first] = stalled
  const back = await openSse(api.url + STREAM, { lastEventId: first?.lastId() })
  await back.events(EVENTS - (first?.eventIds().length ?? 0))
  back.close()
})

/** What the process holds after everything that can go is gone, in MB. */
function heldMb(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / BYTES_PER_MB
}

test('until=end ends behind the last event, for one run and for what it triggers', async (t) => {
  const { api, projects, engine, close } = await startHouse()
  t.after(close)
  const configurer = { name: 'admin', scopes: ['admin'], projects: ['*'] } as const
  await projects.create({ name: 'shop', shipyard: SHIPYARD }, configurer)
  await projects.createService('shop', 'carts', configurer)
  const data = { project: 'shop', stage: 'dev', service: 'carts' }
  const type = 'sh.keptn.event.dev.delivery.triggered'
  const answer = await api.send('POST', '/api/v1/event', { body: { type, source: 't', data } })
  const { keptnContext } = answer.json as { keptnContext: string }
  const path = `/api/tiphys/v1/contexts/${keptnContext}/events/stream?until=end`
  const reader = await openSse(api.url + path)
  const early = reader.until((frame) => frame.event === 'end')
  for (const task of ['dev.delivery', 'test', 'approval', 'deployment']) {
    const name = task === 'dev.delivery' ? 'deployment' : task
    const opened = await reader.until(
      ({ data: event }) => openIs(event, name) && isOpenStill(engine, event),
    )
    const { id } = opened.data as { id: string }
    const isApproval = name === 'approval'
    const where = isApproval ? `approvals/${id}` : `tasks/${id}/result`
    const body = isApproval ? { decision: 'pass' } : { result: 'pass' }
    assert.equal((await api.send('POST', `/api/tiphys/v1/${where}`, { body })).status, 200)
  }
  const end = await early
  assert.deepEqual(end.data, { context: keptnContext, project: 'shop' })
  await reader.ended
  const types = reader.frames.flatMap(({ data: event }) => (event as { type?: string })?.type ?? [])
  assert.equal(types.at(-1), 'sh.keptn.event.prod.delivery.finished')
  const after = await openSse(api.url + path)
  await after.ended
  assert.equal(after.frames.at(-1)?.event, 'end')
  assert.deepEqual(
    after.frames.slice(1),
    reader.frames.slice(1).filter((frame) => frame.data),
  )
})

function openIs(event: unknown, task: string): boolean {
  return (event as { type?: string } | undefined)?.type === `sh.keptn.event.${task}.triggered`
}

function isOpenStill(
  engine: { openTriggered(filter: { eventId: string }): readonly unknown[] },
  event: unknown,
): boolean {
  return engine.openTriggered({ eventId: (event as { id: string }).id }).length > 0
}
