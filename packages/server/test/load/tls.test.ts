import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { resultsOf, runTask, testTask } from './test-task.ts'

/** A fresh certificate for 127.0.0.1 with its key; undefined where there is no openssl command. */
function certificate(): { key: string; cert: string } | undefined {
  const line =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=carts -addext subjectAltName=IP:127.0.0.1 -keyout -'
  try {
    const text = execFileSync('openssl', line.split(' '), { encoding: 'utf8', stdio: 'pipe' })
    const [, key, cert] =
      /(-----BEGIN PRIVATE.*?-----END PRIVATE KEY-----)\s*(.*)/s.exec(text) ?? []
    return key === undefined || cert === undefined ? undefined : { key, cert }
  } catch {
    return undefined
  }
}

test('https: a certificate nobody trusts fails with that reason, a trusted one is measured', async (context) => {
  const own = certificate()
  if (own === undefined) return context.skip('no openssl command here')
  const server = createServer(own, (_request, response) => response.end('ok'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const file = `target: https://127.0.0.1:${port}
tests:
  - name: smoke
    checks: [{request: GET /}]
  - name: load
    load: { rate: 20/s, duration: 500ms, requests: [{request: GET /}] }
`
  const refused = await runTask(testTask({ file }))
  assert.equal(refused.result, 'fail')
  assert.match(
    refused.message,
    /^smoke failed: GET \/ had no answer: .*DEPTH_ZERO_SELF_SIGNED_CERT/,
  )

  const before = getCACertificates('default')
  context.after(() => setDefaultCACertificates(before))
  setDefaultCACertificates([...before, own.cert])
  const answer = await runTask(testTask({ file }))
  assert.equal(answer.result, 'pass', answer.message)
  assert.equal(resultsOf(answer)['requests'], 10)
})
