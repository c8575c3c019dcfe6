import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createArgoCdClient } from '../../src/adapters/argocd/client.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'

/** A fresh certificate for 127.0.0.1 with its key; undefined where there is no openssl command. */
function certificate(): { key: string; cert: string } | undefined {
  const line =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=argocd -addext subjectAltName=IP:127.0.0.1 -keyout -'
  try {
    const text = execFileSync('openssl', line.split(' '), { encoding: 'utf8', stdio: 'pipe' })
    const [, key, cert] =
      /(-----BEGIN PRIVATE.*?-----END PRIVATE KEY-----)\s*(.*)/s.exec(text) ?? []
    return key === undefined || cert === undefined ? undefined : { key, cert }
  } catch {
    return undefined
  }
}

test('a self-signed Argo CD is refused, unless its authority is known or nobody cares', async (context) => {
  const own = certificate()
  if (own === undefined) return context.skip('not run here: openssl')
  const server = createServer(own, (_request, response) => response.end('{"Version":"v3.5.1"}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const version = (trust: { caCertificate?: string; insecureSkipVerify?: boolean }) =>
    createArgoCdClient({
      connection: { name: 'default', url, token: 't', ...trust },
      clock: virtualClock(0),
    }).version()
  const refused = await version({})
  assert.ok(refused.code === 'unreachable')
  assert.match(refused.message, /cannot read the version on Argo CD default: .*self-signed/i)
  const ok = { code: 'ok', value: 'v3.5.1' }
  assert.deepEqual(await version({ caCertificate: own.cert }), ok)
  assert.deepEqual(await version({ insecureSkipVerify: true }), ok)
})
