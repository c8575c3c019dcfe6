import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createGuardedHttp } from './guarded-http.ts'
import { HttpError, type HttpErrorCode } from './http-error.ts'

const http = createGuardedHttp({ allowLoopback: true })

async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `http://127.0.0.1:${address.port}`
}

async function refused(work: Promise<unknown>, code: HttpErrorCode, message?: RegExp) {
  await assert.rejects(work, (thrown) => {
    assert.ok(thrown instanceof HttpError, String(thrown))
    assert.equal(thrown.code, code, thrown.message)
    if (message !== undefined) assert.match(thrown.message, message)
    return true
  })
}

test('an answer is an answer, also 404 and 500', async (context) => {
  const url = await serve(context, (request, response) => {
    response.writeHead(request.url === '/missing' ? 404 : 500, { 'X-Name': 'Argo' })
    response.end(`${request.method} ${request.url}`)
  })
  const missing = await http.request({ url: `${url}/missing`, urlClass: 'user' })
  assert.equal(missing.status, 404)
  assert.equal(missing.headers['x-name'], 'Argo')
  assert.equal(missing.text, 'GET /missing')
  assert.equal(missing.url, `${url}/missing`)
  const broken = await http.request({ url, urlClass: 'operator', method: 'POST', body: 'x' })
  assert.equal(broken.status, 500)
})

test('userinfo becomes basic authentication and is never shown', async (context) => {
  const url = await serve(context, (request, response) => {
    response.end(request.headers.authorization)
  })
  const withUser = url.replace('http://', 'http://anna:s%20cret@')
  const answer = await http.request({ url: withUser, urlClass: 'operator' })
  assert.equal(answer.text, `Basic ${Buffer.from('anna:s cret').toString('base64')}`)
  assert.equal(answer.url, `${url}/`)
  const odd = url.replace('http://', 'http://anna:50%off@')
  await refused(http.request({ url: odd, urlClass: 'operator' }), 'bad-url', /^(?!.*off).*%25$/)
})

test('a user URL to loopback is refused, an operator endpoint is not', async (context) => {
  const url = await serve(context, (_request, response) => response.end('ok'))
  const strict = createGuardedHttp()
  await refused(
    strict.request({ url, urlClass: 'user' }),
    'address-refused',
    /127\.0\.0\.1 \(loopback\)/,
  )
  const mapped = url.replace('127.0.0.1', '[::ffff:127.0.0.1]')
  await refused(strict.request({ url: mapped, urlClass: 'user' }), 'address-refused')
  const decimal = url.replace('127.0.0.1', '2130706433')
  await refused(strict.request({ url: decimal, urlClass: 'user' }), 'address-refused')
  assert.equal((await strict.request({ url, urlClass: 'operator' })).text, 'ok')
})

test('the checked address is the one connected to: the name is resolved once', async (context) => {
  let lookups = 0
  const url = await serve(context, (request, response) => response.end(request.headers.host))
  const rebinding = createGuardedHttp({
    allowLoopback: true,
    lookup: () => {
      lookups++
      const address = lookups === 1 ? '127.0.0.1' : '192.0.2.1'
      return Promise.resolve([{ address, family: 4 }])
    },
  })
  const named = url.replace('127.0.0.1', 'shop.example')
  const answer = await rebinding.request({ url: named, urlClass: 'user' })
  assert.equal(answer.text, named.slice('http://'.length))
  assert.equal(lookups, 1)
})

test('one forbidden address of a name refuses the name', async () => {
  const mixed = createGuardedHttp({
    lookup: () =>
      Promise.resolve([
        { address: '93.184.216.34', family: 4 },
        { address: '::1', family: 6 },
      ]),
  })
  await refused(
    mixed.request({ url: 'http://shop.example/', urlClass: 'user' }),
    'address-refused',
    /^shop\.example leads to ::1 \(loopback\)/,
  )
  await refused(
    mixed.request({ url: 'https://kubernetes.default', urlClass: 'user' }),
    'address-refused',
  )
})

test('redirects are followed, checked again, and lose credentials across origins', async (context) => {
  const seen: Record<string, unknown>[] = []
  const other = await serve(context, (request, response) => {
    seen.push({ ...request.headers })
    response.end('other')
  })
  const url = await serve(context, (request, response) => {
    seen.push({ ...request.headers })
    const location = { '/same': '/here', '/other': other, '/metadata': 'http://169.254.169.254/' }
    const target = location[request.url as keyof typeof location]
    if (target === undefined) return response.end('same')
    return response.writeHead(302, { location: target }).end()
  })
  const request = {
    urlClass: 'user' as const,
    headers: { Authorization: 'Bearer a', Accept: 'text/plain' },
    credentials: { 'X-Api-Key': 'k' },
  }
  assert.equal((await http.request({ ...request, url: `${url}/same` })).text, 'same')
  assert.equal(seen[1]?.['authorization'], 'Bearer a')
  assert.equal(seen[1]?.['x-api-key'], 'k')

  assert.equal((await http.request({ ...request, url: `${url}/other` })).text, 'other')
  assert.equal(seen[3]?.['authorization'], undefined)
  assert.equal(seen[3]?.['x-api-key'], undefined)
  assert.equal(seen[3]?.['accept'], 'text/plain')

  await refused(http.request({ ...request, url: `${url}/metadata` }), 'address-refused', /metadata/)
})

test('a body follows 307 on the same origin only; 303 becomes GET; loops end', async (context) => {
  const other = await serve(context, (_request, response) => response.end('stolen'))
  const url = await serve(context, (request, response) => {
    const moves: Record<string, [number, string]> = {
      '/keep': [307, '/final'],
      '/see': [303, '/final'],
      '/leak': [308, other],
      '/loop': [302, '/loop'],
    }
    const move = moves[request.url ?? '']
    if (move !== undefined) return response.writeHead(move[0], { location: move[1] }).end()
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    return request.on('end', () => response.end(`${request.method} ${body}`))
  })
  const post = { urlClass: 'user', method: 'POST', body: 'payload' } as const
  assert.equal((await http.request({ ...post, url: `${url}/keep` })).text, 'POST payload')
  assert.equal((await http.request({ ...post, url: `${url}/see` })).text, 'GET ')
  await refused(http.request({ ...post, url: `${url}/leak` }), 'redirect-refused')
  await refused(
    http.request({ ...post, url: `${url}/loop` }),
    'redirect-refused',
    /more than 5 times/,
  )
})

test('time and size are limited', async (context) => {
  const url = await serve(context, (request, response) => {
    if (request.url === '/silent') return
    if (request.url === '/drip') return void response.write('a')
    response.end('x'.repeat(2000))
  })
  const limits = { urlClass: 'user', timeoutMs: 150, maxResponseBytes: 1000 } as const
  await refused(
    http.request({ ...limits, url: `${url}/silent` }),
    'timed-out',
    /did not answer within 150ms/,
  )
  await refused(http.request({ ...limits, url: `${url}/drip` }), 'timed-out')
  await refused(http.request({ ...limits, url: `${url}/large` }), 'too-large')
})

test('an aborted request ends at once, also while a name is being resolved', async (context) => {
  const url = await serve(context, () => {})
  const stuck = createGuardedHttp({ lookup: () => new Promise(() => {}) })
  for (const [client, target] of [
    [http, url],
    [stuck, 'http://shop.example/'],
  ] as const) {
    const controller = new AbortController()
    const request = client.request({ url: target, urlClass: 'user', signal: controller.signal })
    controller.abort(new Error('the run was aborted'))
    await refused(request, 'aborted')
  }
})

test('what cannot be connected to is told apart', async (context) => {
  const gone = await serve(context, () => {})
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const address = closed.address()
  assert.ok(address !== null && typeof address === 'object')
  await new Promise((resolve) => closed.close(resolve))
  const dead = `http://127.0.0.1:${address.port}`
  await refused(
    http.request({ url: dead, urlClass: 'operator' }),
    'unreachable',
    /refused the connection/,
  )

  const rude = createTcpServer((socket) => socket.end('SSH-2.0-Argo\r\n'))
  await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve))
  context.after(() => rude.close())
  const place = rude.address()
  assert.ok(place !== null && typeof place === 'object')
  const other = `http://127.0.0.1:${place.port}`
  await refused(http.request({ url: other, urlClass: 'operator' }), 'broken', /does not speak HTTP/)

  const secure = gone.replace('http:', 'https:')
  await refused(http.request({ url: secure, urlClass: 'operator' }), 'tls')
  await refused(http.request({ url: 'ftp://a.example', urlClass: 'operator' }), 'bad-url')
  await refused(http.request({ url: 'not a url', urlClass: 'operator' }), 'bad-url')
  const nameless = createGuardedHttp({ lookup: () => Promise.resolve([]) })
  await refused(nameless.request({ url: 'http://a.example', urlClass: 'user' }), 'name-unknown')
})
