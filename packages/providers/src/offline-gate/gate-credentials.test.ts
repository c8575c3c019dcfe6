import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from '../../test/answering-server.ts'
import { runOfflineGate } from '../offline-gate.ts'

test('the gate finds credentials of a cloud where its environment says', async () => {
  await using server = await startServer(({ url }) =>
    url === '/agent'
      ? {
          body: {
            AccessKeyId: 'AKIDEXAMPLE',
            SecretAccessKey: 'secret',
            Token: 'token',
            Expiration: '2099-01-01T00:00:00Z',
          },
        }
      : { body: { MetricDataResults: [{ Timestamps: [1], Values: [12] }] } },
  )
  const files: Record<string, string> = {
    'slo.yaml':
      'objectives:\n  - { sli: a, pass: [{ criteria: ["<600"] }] }\n  - { sli: b, pass: [{ criteria: ["<600"] }] }\n',
    'tiphys.yaml': `providers:\n  cloudwatch: { region: eu-central-1, credentials: container, url: "${server.url}" }\n`,
    'sli.yaml': 'indicators: { a: SELECT MAX(x) FROM s, b: SELECT MIN(x) FROM s }\n',
  }
  const answer = await runOfflineGate({
    slo: 'slo.yaml',
    nowMs: Date.UTC(2026, 10, 22, 12),
    connections: 'tiphys.yaml',
    sli: ['cloudwatch=sli.yaml'],
    environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/agent` },
    readText: (file) => Promise.resolve(files[file] ?? ''),
  })
  assert.equal(answer.complaint, null)
  assert.deepEqual(
    answer.evaluation?.indicatorResults?.map(({ value }) => [value?.value, value?.message]),
    [
      [12, ''],
      [12, ''],
    ],
  )
  const agents = server.seen.filter(({ url }) => url === '/agent')
  assert.equal(agents.length, 1, 'asked once for both indicators')
})
