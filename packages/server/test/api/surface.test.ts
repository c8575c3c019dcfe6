import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { ApiParts } from '../../src/api/parts.ts'
import { ROUTE_ACCESS } from '../../src/api/route-access.ts'
import { startTestApi, type TestApi } from './test-api.ts'

type OpenApi = {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, { summary?: string; responses?: object }>>
}

describe('the surface', () => {
  let api: TestApi
  const logged: { data: object; message: string }[] = []
  const log: ApiParts['log'] = {
    debug() {},
    info() {},
    warn() {},
    error: (data, message) => void logged.push({ data, message }),
  }
  before(async () => {
    api = await startTestApi({
      log,
      intake: {
        accept: () => Promise.reject(new Error('the disk is full: /var/lib/tiphys/secret-path')),
      },
    })
  })
  after(() => api.close())

  it('describes itself in OpenAPI 3.1, without a token', async () => {
    const answer = await api.send('GET', '/api/openapi.json', { token: undefined })
    assert.equal(answer.status, 200)
    const document = answer.json as OpenApi
    assert.equal(document.openapi, '3.1.0')
    assert.equal(document.info.version, '0.0.0-test')
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const expected = Object.keys(ROUTE_ACCESS)
      .filter((line) => line.includes('/api/') && !line.endsWith('/openapi.json'))
      .map((line) => line.replace(/:(\w+)/g, '{$1}').replace('*', '{resourceURI}'))
    assert.deepEqual(described.sort(), expected.sort())
    for (const methods of Object.values(document.paths)) {
      for (const operation of Object.values(methods)) {
        assert.ok(operation.summary)
        assert.ok(operation.responses)
      }
    }
    const event = document.paths['/api/v1/event']?.['post'] as { requestBody?: object } | undefined
    assert.ok(event?.requestBody)
  })

  it('has a route for every line of the access table, and none is open by accident', async () => {
    for (const [line, access] of Object.entries(ROUTE_ACCESS)) {
      const [method = '', path = ''] = line.split(' ')
      const filled = path
        .replace('schemas/:name', 'schemas/slo.json')
        .replace(/:\w+/g, 'x')
        .replace('*', 'x')
      const answer = await api.send(method, filled, { token: undefined })
      if (access === 'public') assert.equal(answer.status, 200, line)
      else assert.equal(answer.status, 401, line)
    }
  })

  it('guards HEAD like GET', async () => {
    const path = '/api/controlPlane/v1/project'
    assert.equal((await api.send('HEAD', path, { token: undefined })).status, 401)
    assert.equal((await api.send('HEAD', path, { token: 'trigger' })).status, 403)
  })

  it('answers life signs and the front page', async () => {
    const options = { token: undefined }
    assert.equal((await api.send('GET', '/healthz', options)).text, 'ok\n')
    assert.equal((await api.send('GET', '/readyz', options)).text, 'ready\n')
    const page = await api.send('GET', '/', options)
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(page.text, /The web interface is not built yet/)
    const waiting = await startTestApi({
      server: { readiness: () => ({ ready: false, reason: 'folding the log' }) },
    })
    try {
      const answer = await waiting.send('GET', '/readyz', options)
      assert.equal(answer.status, 503)
      assert.equal(answer.text, 'not ready: folding the log\n')
    } finally {
      await waiting.close()
    }
  })

  it('answers what it does not know in the one form of errors', async () => {
    for (const path of ['/nope', '/api/statistics/v1/statistics', '/api/v1/import']) {
      const answer = await api.send('GET', path)
      assert.deepEqual(answer.json, { code: 404, message: `there is no GET ${path}` })
    }
    assert.equal((await api.send('PATCH', '/api/v1/event', { body: {} })).status, 404)
  })

  it('never shows a stack, logs the failure under the id that it answers', async () => {
    const answer = await api.send('POST', '/api/v1/event', { body: {} })
    assert.equal(answer.status, 500)
    const id = answer.headers.get('x-request-id')
    assert.deepEqual(answer.json, {
      code: 500,
      message: `something went wrong here; the server's log has it under ${id}`,
    })
    const line = logged.find(({ data }) => (data as { requestId: string }).requestId === id)
    assert.ok(line)
    assert.equal(line.message, 'request failed')
    assert.match(String((line.data as { err: Error }).err), /the disk is full/)
  })

  it('sends security headers with every answer', async () => {
    for (const path of ['/', '/api/v1/metadata', '/nope']) {
      const { headers } = await api.send('GET', path)
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
      assert.equal(headers.get('x-frame-options'), 'DENY', path)
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/)
      assert.equal(headers.get('referrer-policy'), 'no-referrer')
      assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/)
    }
  })

  it('answers to loopback names only, where it is told to', async () => {
    const { port } = new URL(api.url)
    const status = (host: string, url = api.url) =>
      new Promise<number | undefined>((resolve, reject) => {
        const outgoing = request(`${url}/healthz`, { headers: { host } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        outgoing.on('error', reject)
        outgoing.end()
      })
    for (const host of ['127.0.0.1', `localhost:${port}`, '[::1]:80', 'a.localhost', '127.1.2.3']) {
      assert.equal(await status(host), 200, host)
    }
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      '10.0.0.1',
    ]) {
      assert.equal(await status(host), 421, host)
    }
    const open = await startTestApi({ server: { checkHost: false } })
    try {
      assert.equal(await status('tiphys.example', open.url), 200)
    } finally {
      await open.close()
    }
  })

  it('serves everything below a base path, and nothing beside it', async () => {
    const based = await startTestApi({ server: { basePath: '/tools/tiphys' } })
    try {
      assert.equal((await based.send('GET', '/tools/tiphys/api/v1/metadata')).status, 200)
      assert.equal((await based.send('GET', '/tools/tiphys/healthz')).status, 200)
      assert.match((await based.send('GET', '/tools/tiphys/')).text, /\/tools\/tiphys\/api/)
      assert.equal((await based.send('GET', '/api/v1/metadata')).status, 404)
    } finally {
      await based.close()
    }
  })

  it('answers a path and a request that cannot be read with 400', async () => {
    assert.equal((await api.send('GET', '/api/%zz')).status, 400)
    const text = await new Promise<string>((resolve, reject) => {
      let received = ''
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
      socket.on('data', (chunk) => (received += String(chunk)))
      socket.on('close', () => resolve(received))
      socket.on('error', reject)
      socket.end('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nbroken header\r\n\r\n')
    })
    assert.match(text, /^HTTP\/1\.1 400 /)
  })
})
