import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { AuditEntryView } from '@tiphys/contract/http/native-audit.ts'
import { startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const ENTRIES: readonly AuditEntryView[] = [
  {
    time: '2026-01-02T15:04:05.000Z',
    action: 'approval.decide',
    outcome: 'ok',
    actor: 'chat',
    person: 'anna',
    address: '10.0.0.7',
    project: 'shop',
    stage: 'dev',
    service: 'carts',
    context: 'c1',
  },
  {
    time: '2026-01-02T15:04:04.000Z',
    action: 'project.delete',
    outcome: 'ok',
    actor: 'platform',
    address: '10.0.0.4',
    project: 'old',
    projectDeleted: true,
  },
  {
    time: '2026-01-02T15:04:03.000Z',
    action: 'login',
    outcome: 'refused',
    reason: 'unauthenticated',
    actor: '',
    address: '10.0.0.9',
    name: 'GET /api/v1/metadata',
    suppressed: 980,
  },
]

test('who changed what, page by page, for people and for programs', async (t) => {
  const server = await startFakeServer(t, {
    'GET /api/tiphys/v1/audit': ({ path }) =>
      path.includes('cursor=next')
        ? { body: { entries: ENTRIES.slice(2) } }
        : { body: { entries: ENTRIES.slice(0, 2), nextCursor: 'next' } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stdout } = await cli.run(['get', 'audit', '--project', 'shop', '--from', '2026'])
  assert.equal(code, 0)
  assert.equal(
    stdout,
    [
      'TIME                 ACTION           ACTOR        FROM      ON                    OUTCOME',
      '2026-01-02 15:04:05  approval.decide  anna (chat)  10.0.0.7  shop dev carts c1     ok',
      '2026-01-02 15:04:04  project.delete   platform     10.0.0.4  old (deleted)         ok',
      '2026-01-02 15:04:03  login            (nobody)     10.0.0.9  GET /api/v1/metadata  refused: unauthenticated (980 refusals before it not written)',
      '',
    ].join('\n'),
  )
  const [first, second] = server.of('GET', '/api/tiphys/v1/audit')
  assert.equal(first?.path.split('?')[1], 'project=shop&fromTime=2026&pageSize=20')
  assert.equal(second?.path.split('?')[1], 'project=shop&fromTime=2026&pageSize=18&cursor=next')
  const json = await cli.run(['get', 'audit', '--limit', '2', '-o', 'json'])
  assert.deepEqual(JSON.parse(json.stdout), { entries: ENTRIES.slice(0, 2) })
})
