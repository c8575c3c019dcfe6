import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { UpstreamConnection } from '../../src/ports/upstreams.ts'
import { type GitHttp, openGitHttp } from '../peers/git-http.ts'
import { emptyRepository, NOW_MS, openUpstreamWorld, SHIPYARD, TOKEN } from './upstream-world.ts'

const PROXY_PASSWORD = 'proxy-pass-9913'

/** A fresh certificate for 127.0.0.1 with its key; undefined where there is no openssl command. */
function certificate(): { key: string; cert: string } | undefined {
  const line =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=git -addext subjectAltName=IP:127.0.0.1 -keyout -'
  try {
    const text = execFileSync('openssl', line.split(' '), { encoding: 'utf8', stdio: 'pipe' })
    const [, key, cert] =
      /(-----BEGIN PRIVATE.*?-----END PRIVATE KEY-----)\s*(.*)/s.exec(text) ?? []
    return key === undefined || cert === undefined ? undefined : { key, cert }
  } catch {
    return undefined
  }
}

/** A proxy that asks for a password and hands on whole connections. */
async function startProxy(context: TestContext) {
  const wanted = `Basic ${Buffer.from(`you:${PROXY_PASSWORD}`).toString('base64')}`
  const tunnels: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer()
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    sockets.add(client)
    client.on('error', () => client.destroy())
    if (request.headers['proxy-authorization'] !== wanted) {
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="p"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      )
      return
    }
    const [host = '', port] = (request.url ?? '').split(':')
    tunnels.push(request.url ?? '')
    const far = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      client.pipe(far).pipe(client)
    })
    sockets.add(far)
    far.on('error', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, tunnels }
}

async function opened(context: TestContext) {
  const tls = certificate()
  if (tls === undefined) {
    context.skip('not run here: openssl')
    return undefined
  }
  const host: GitHttp = await openGitHttp(tls)
  const world = await openUpstreamWorld()
  context.after(async () => {
    await world[Symbol.asyncDispose]()
    await host[Symbol.asyncDispose]()
  })
  host.requirePassword('tiphys', TOKEN)
  await emptyRepository({ host }, 'shop')
  const connection = { remoteUrl: host.urlOf('shop'), user: 'tiphys', token: TOKEN }
  const begin = (more: Partial<UpstreamConnection>) =>
    world.configuration.upstreams.create({
      projectId: 'p1',
      name: 'shop',
      createdMs: NOW_MS,
      shipyard: SHIPYARD,
      connection: { ...connection, ...more },
    })
  const refusal = async (more: Partial<UpstreamConnection>) => {
    const answer = await begin(more)
    if (answer.code !== 'upstream-failed') return answer.code
    return `${answer.failure.code}: ${answer.failure.message.replace(/^\S+ /, '')}`
  }
  return { tls, host, world, begin, refusal }
}

test('a certificate that nobody trusts is refused, unless it is given or nobody cares', async (context) => {
  const place = await opened(context)
  if (place === undefined) return
  const { tls, begin, refusal, world } = place
  assert.equal(await refusal({}), 'host-not-trusted: its TLS certificate is not trusted')
  const other = certificate()?.cert ?? ''
  assert.equal(
    await refusal({ caCertificate: other }),
    'host-not-trusted: its TLS certificate is not trusted',
  )
  assert.equal((await begin({ caCertificate: tls.cert })).code, 'begun')
  await world.configuration.deleteProject('p1')
  assert.equal((await begin({ insecureSkipTls: true })).code, 'adopted')
  const next = await world.reopen()
  assert.deepEqual(await next.upstreams.look('p1'), {
    code: 'looked',
    changed: false,
    services: [],
  })
})

test('through a proxy that wants a password', async (context) => {
  const place = await opened(context)
  if (place === undefined) return
  const { tls, begin, refusal, world } = place
  const proxy = await startProxy(context)
  const caCertificate = tls.cert
  const { address } = proxy
  const wrong = { scheme: 'http', address, user: 'you', password: 'wrong' } as const
  assert.equal(
    await refusal({ caCertificate, proxy: wrong }),
    'authentication-refused: the proxy does not accept the credentials for it',
  )
  const nobody = { scheme: 'http', address: '127.0.0.1:1' } as const
  assert.match(
    await refusal({ caCertificate, proxy: nobody }),
    /^unreachable: it cannot be reached/,
  )
  const right = { ...wrong, password: PROXY_PASSWORD }
  assert.equal((await begin({ caCertificate, proxy: right })).code, 'begun')
  assert.ok(proxy.tunnels.length > 0)
  const stored = JSON.stringify(await world.documents.list('upstream'))
  assert.equal(stored.includes(PROXY_PASSWORD) || stored.includes(TOKEN), false)
  const before = proxy.tunnels.length
  const next = await world.reopen()
  assert.equal((await next.upstreams.look('p1')).code, 'looked')
  assert.ok(proxy.tunnels.length > before)
  assert.deepEqual(next.upstreams.stateOf('p1')?.connection.proxy, {
    scheme: 'http',
    address,
    user: 'you',
  })
})
