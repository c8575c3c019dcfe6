import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '@tiphys/contract/connections/connections.ts'
import { startServer } from '../../test/answering-server.ts'
import { REQUEST } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import { createProviders } from './create-provider.ts'

test('a connection keeps its credentials from one evaluation to the next', async () => {
  await using server = await startServer(({ url }) =>
    url === '/credentials'
      ? {
          body: {
            AccessKeyId: 'AKIDEXAMPLE',
            SecretAccessKey: 'secret',
            Token: 'token',
            Expiration: new Date(Date.now() + 3_600_000).toISOString(),
          },
        }
      : { body: { MetricDataResults: [{ Timestamps: [1], Values: [1] }] } },
  )
  const providerOf = createProviders({
    http: createGuardedHttp(),
    environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/credentials` },
  })
  const settings = { region: 'eu-central-1', credentials: 'container', url: server.url } as const
  const one: Connection = { kind: 'cloudwatch', name: 'cloudwatch', settings }
  const query = { query: 'SELECT 1' }
  for (const connection of [one, one, { ...one, name: 'other' }]) {
    const value = await providerOf(connection).fetchValue({ ...REQUEST, query })
    assert.deepEqual([value.value, value.detail.provider], [1, connection.name])
  }
  const asked = server.seen.filter(({ url }) => url === '/credentials')
  assert.equal(asked.length, 2, 'once for each connection')
})
