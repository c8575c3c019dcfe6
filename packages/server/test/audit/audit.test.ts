import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AuditEntryView, AuditPage } from '@tiphys/contract/http/native-audit.ts'
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts'
import { ROUTE_AUDIT } from '../../src/api/route-audit.ts'
import { AUDIT_STREAM } from '../../src/audit/audit-trail.ts'
import { DATABASE_FILE } from '../../src/rebuild-projections.ts'
import { TOKEN } from '../api/composed-server.ts'
import { base64 } from '../api/house.ts'
import type { Answer } from '../api/test-api.ts'
import { AUDIT, PROJECT, SHIPYARD, startAuditHouse } from './audit-house.ts'
import { approvalEvent, ask, FILE_CONTENT, SECRET_VALUE, scenarios } from './audit-scenarios.ts'

test('each change leaves exactly one entry, with who, where and what, and no secret', async (t) => {
  const started = await startAuditHouse(t)
  const all = scenarios()
  const missing = Object.keys(ROUTE_AUDIT).filter((line) => all[line] === undefined)
  assert.deepEqual(missing, [], 'say in audit-scenarios.ts how these are used')
  for (const [line, scenario] of Object.entries(all)) {
    assert.ok(ROUTE_AUDIT[line], `${line} is no route`)
    const before = await started.entries()
    const [answer, expected, prelude] = await scenario(started)
    assert.ok(answer.status < 300, `${line}: ${answer.status} ${answer.text}`)
    const after = await started.entries()
    const isNew = (entry: AuditEntryView) =>
      !before.some(({ requestId }) => requestId === entry.requestId)
    const fresh = after.filter(isNew).filter(({ action }) => action !== prelude)
    assert.equal(fresh.length, expected === undefined ? 0 : 1, `${line}: ${JSON.stringify(fresh)}`)
    if (expected === undefined) continue
    const [entry] = fresh
    assert.ok(entry)
    const { time, requestId, projectId, address, ...rest } = entry
    assert.deepEqual(
      { ...rest, details: undefined, ...(expected.details ? { details: rest.details } : {}) },
      { details: undefined, outcome: 'ok', actor: 'bootstrap', ...expected },
      line,
    )
    assert.equal(requestId, answer.headers.get('x-request-id'))
    assert.equal(address, '127.0.0.1')
    assert.match(time, /^\d{4}-/)
    assert.equal(projectId !== undefined, expected.project !== undefined, line)
  }
  await started.stop()
  const { store, close } = openSqlite({ file: join(started.folder, DATABASE_FILE) })
  const rows = await store.read(AUDIT_STREAM)
  const verified = await store.verify()
  await close()
  assert.equal(verified.broken, undefined)
  assert.equal(rows[0]?.event.type, 'dev.tiphys.audit.server.start')
  const text = JSON.stringify(rows)
  for (const secret of [SECRET_VALUE, base64(FILE_CONTENT), FILE_CONTENT, TOKEN, 'tiphys_']) {
    assert.ok(!text.includes(secret), secret)
  }
})

test('what was refused is there too: logins, missing powers, what was not found', async (t) => {
  const { call, entries } = await startAuditHouse(t)
  const minted = await call('POST', '/api/tiphys/v1/tokens', {
    name: 'ci',
    scopes: ['read'],
    projects: ['shop'],
  })
  const { token } = minted.json as { token: string }
  await call('GET', PROJECT, undefined, 'a-guess')
  await call('DELETE', `${PROJECT}/shop`, undefined, token)
  await call('GET', `${PROJECT}/other`, undefined, token)
  await call('DELETE', `${PROJECT}/none`)
  await call('POST', '/api/v1/event', { type: 'x' }, token)
  await call('POST', '/api/secrets/v1/secret', { name: SECRET_VALUE, data: SECRET_VALUE })
  const refused = await entries('&outcome=refused')
  const shown = refused.map(({ action, actor, reason, project, name }) =>
    [action, actor, reason, project, name].filter(Boolean).join(' '),
  )
  assert.deepEqual(shown.sort(), [
    'access ci forbidden POST /api/v1/event',
    `access ci forbidden other GET ${PROJECT}/:project`,
    `login unauthenticated GET ${PROJECT}`,
    'project.delete bootstrap project-not-found none',
    'project.delete ci forbidden shop',
    'secret.create bootstrap invalid',
  ])
  assert.ok(!JSON.stringify(refused).includes('a-guess'))
})

test('a decision that is sent twice is one entry', async (t) => {
  const started = await startAuditHouse(t)
  const event = { ...approvalEvent(await ask(started)), id: 'argocd:decided-once' }
  const answers = [
    await started.call('POST', '/api/v1/event', event),
    await started.call('POST', '/api/v1/event', event),
    await started.call('POST', '/api/tiphys/v1/events', [event]),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  )
  assert.equal(answers[1]?.headers.get('tiphys-duplicate'), 'true')
  assert.equal((await started.entries('&action=approval.decide')).length, 1)
})

test('entries outlive a restart and their project, and are found page by page', async (t) => {
  const started = await startAuditHouse(t)
  const { call, entries } = started
  await call('DELETE', `${PROJECT}/shop`)
  await call('POST', PROJECT, { name: 'shop', shipyard: base64(SHIPYARD) })
  await started.restart()
  const shop = await entries('&project=shop')
  const shown = shop.map(
    ({ action, projectDeleted }) => `${action}${projectDeleted ? ' gone' : ''}`,
  )
  assert.deepEqual(shown, [
    'project.create',
    'project.delete gone',
    'service.create gone',
    'project.create gone',
  ])
  assert.equal(new Set(shop.map(({ projectId }) => projectId)).size, 2)
  assert.equal((await entries('&action=server.start')).length, 2)
  assert.equal((await entries('&actor=tiphys')).length, 2)

  const all = await entries()
  const paged: AuditEntryView[] = []
  let cursor: string | undefined = ''
  while (cursor !== undefined) {
    const answer: Answer = await call('GET', `${AUDIT}?pageSize=2&cursor=${cursor}`)
    const page = answer.json as AuditPage
    paged.push(...page.entries)
    cursor = page.nextCursor
  }
  assert.deepEqual(paged, all)
  const middle = all[2]?.time ?? ''
  const later = await entries(`&fromTime=${middle}`)
  const earlier = await entries(`&beforeTime=${middle}`)
  assert.deepEqual([...later, ...earlier], all)
  assert.ok(later.every(({ time }) => time >= middle) && later.length >= 3)

  const events = await call('GET', `/api/mongodb-datastore/event?pageSize=100`)
  assert.ok(!events.text.includes('dev.tiphys.audit'))
})

test('only admins read it, those of some projects only theirs', async (t) => {
  const { call } = await startAuditHouse(t)
  const mint = async (name: string, scopes: string[], projects: string[]) => {
    const answer = await call('POST', '/api/tiphys/v1/tokens', { name, scopes, projects })
    return (answer.json as { token: string }).token
  }
  const configurer = await mint('platform', ['configure', 'read'], ['*'])
  const shop = await mint('shop-admin', ['admin'], ['shop'])
  const status = async (query: string, token: string) =>
    (await call('GET', `${AUDIT}${query}`, undefined, token)).status
  assert.equal(await status('', configurer), 403)
  assert.equal(await status('', shop), 403)
  assert.equal(await status('?project=other', shop), 403)
  assert.equal(await status('?project=shop', shop), 200)
  assert.equal(await status('?cursor=x', TOKEN), 400)
  assert.equal(await status('?fromTime=noon', TOKEN), 400)
  assert.equal(await status('?outcome=maybe', TOKEN), 400)
})
