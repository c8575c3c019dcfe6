import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { ROUTE_ACCESS } from '../../src/api/route-access.ts'
import { ROUTE_AUDIT } from '../../src/api/route-audit.ts'
import type { AuditEntry } from '../../src/audit/audit-trail.ts'
import { createAuditTrail } from '../../src/audit/create-audit-trail.ts'
import { IN_ALL, PER_ADDRESS } from '../../src/audit/refusal-budget.ts'
import { StoreError } from '../../src/ports/store.ts'
import { startTestApi } from '../api/test-api.ts'

const ADMIN = { name: 'admin', address: '10.0.0.1' }
const DONE: AuditEntry = { action: 'project.create', by: ADMIN, outcome: { code: 'ok' } }

function refused(address: string): AuditEntry {
  const outcome = { code: 'refused', reason: 'unauthenticated' } as const
  return { action: 'login', by: { name: '', address }, outcome }
}

function trail() {
  const store = createMemoryStore()
  const clock = { ms: 1_700_000_000_000, nowMs: () => clock.ms }
  let id = 0
  const audit = createAuditTrail({ store, clock, newId: () => `id-${++id}` })
  return { store, clock, audit, rows: () => store.read('audit') }
}

test('every route that changes something says what it leaves in the audit log', () => {
  const changing = Object.keys(ROUTE_ACCESS).filter((line) => !line.startsWith('GET '))
  const missing = changing.filter((line) => ROUTE_AUDIT[line] === undefined)
  assert.deepEqual(missing, [], 'add these to ROUTE_AUDIT (src/api/route-audit.ts)')
})

test('an entry is a row of its own stream, of no project, with short texts', async () => {
  const { audit, rows, store } = trail()
  const on = { project: 'shop', projectId: 'p1', name: 'x'.repeat(10_000) }
  await audit.record({ ...DONE, on, requestId: 'r1', details: { scopes: ['read'] } })
  const [row] = await rows()
  assert.equal(row?.event.type, 'dev.tiphys.audit.project.create')
  assert.equal(row?.projectId, undefined)
  const { name, ...data } = row?.event.data ?? {}
  assert.equal(String(name).length, 300)
  assert.deepEqual(data, {
    action: 'project.create',
    actor: 'admin',
    address: '10.0.0.1',
    project: 'shop',
    projectId: 'p1',
    outcome: 'ok',
    requestId: 'r1',
    details: { scopes: ['read'] },
  })
  // The same entry can go along with the change that it is about.
  const write = audit.writeOf({ ...DONE, action: 'freeze.override' })
  const change = { ...write, stream: 'run/p1/r1' }
  const result = await store.commit({ writes: [change, write], nowMs: 1 })
  assert.equal(result.code, 'committed')
  assert.equal((await rows()).at(-1)?.event.type, 'dev.tiphys.audit.freeze.override')
  assert.deepEqual((await store.query({ offset: 0, limit: 10 })).events, [])
})

test('a flood of refusals from one address is counted, not written', async () => {
  const { audit, rows, clock } = trail()
  for (let count = 0; count < 1_000; count++) await audit.record(refused('10.0.0.9'))
  assert.equal((await rows()).length, PER_ADDRESS.atOnce)
  // Others are heard meanwhile, and what is done always is.
  await audit.record(refused('10.0.0.8'))
  const [last] = (await rows()).slice(-1)
  assert.equal(last?.event.data['suppressed'], 1_000 - PER_ADDRESS.atOnce)
  for (let count = 0; count < 1_000; count++) await audit.record(DONE)
  assert.equal((await rows()).length, PER_ADDRESS.atOnce + 1_001)
  clock.ms += PER_ADDRESS.oneMorePerMs
  for (let count = 0; count < 10; count++) await audit.record(refused('10.0.0.9'))
  assert.equal((await rows()).length, PER_ADDRESS.atOnce + 1_002)
})

test('a flood from everywhere is bounded too, and a clock that is set back opens nothing', async () => {
  const { audit, rows, clock } = trail()
  for (let count = 0; count < 5_000; count++) {
    const bytes = [count >> 8, count & 255].join('.')
    await audit.record(refused(`10.1.${bytes}`))
  }
  assert.equal((await rows()).length, IN_ALL.atOnce)
  clock.ms -= 86_400_000
  await audit.record(refused('10.9.9.9'))
  assert.equal((await rows()).length, IN_ALL.atOnce)
  clock.ms += IN_ALL.oneMorePerMs
  await audit.record(refused('10.9.9.9'))
  await audit.record(refused('10.9.9.9'))
  assert.equal((await rows()).length, IN_ALL.atOnce + 1)
})

test('a change that cannot be recorded is answered with 500, which says that it was done', async (t) => {
  const minted: string[] = []
  const unused = () => Promise.reject(new Error('not used'))
  const api = await startTestApi({
    audit: {
      record: () => Promise.reject(new StoreError('the disk is full', { retryable: true })),
      writeOf: trail().audit.writeOf,
    },
    tokens: {
      list: unused,
      revoke: unused,
      mint({ name }) {
        minted.push(name)
        return Promise.resolve({ code: 'minted', token: 'a-text' })
      },
    },
  })
  t.after(api.close)
  const body = { name: 'ci', scopes: ['read'] }
  const answer = await api.send('POST', '/api/tiphys/v1/tokens', { body })
  assert.equal(answer.status, 500)
  assert.match(answer.text, /this was done, but it could not be written to the audit log/)
  assert.ok(!answer.text.includes('a-text'))
  assert.deepEqual(minted, ['ci'])
})
