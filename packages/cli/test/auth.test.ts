import { strict as assert } from 'node:assert'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectionOf, normaliseEndpoint } from '../src/connection/connection.ts'
import { type Routes, startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const TOKEN = 'a-token'
const INFO = {
  name: 'tiphys',
  version: '0.1.0',
  keptnVersion: '1.4.5',
  token: { name: 'bootstrap', scopes: ['admin'], projects: ['*'] },
}
const ROUTES: Routes = {
  'POST /api/v1/auth': (request) =>
    request.headers['x-token'] === TOKEN
      ? { body: {} }
      : { status: 401, body: { code: 401, message: 'unauthenticated or invalid credentials' } },
  'GET /api/tiphys/v1/info': { body: INFO },
}

test('auth checks the token and remembers it for its owner only', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t)
  const { code, stderr } = await cli.run([
    'auth',
    '--endpoint',
    `${server.url}/api`,
    '--api-token',
    TOKEN,
  ])
  const file = join(cli.home, '.config', 'tiphys', 'config.json')
  assert.deepEqual([code, stderr], [0, `Logged in to ${server.url}; remembered in ${file}.\n`])
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
    endpoint: server.url,
    apiToken: TOKEN,
  })

  const status = await cli.run(['status'])
  assert.equal(
    status.stdout,
    `Tiphys 0.1.0 at ${server.url} (from ${file}), speaking the API of Keptn 1.4.5.\nLogged in with the token bootstrap: admin for every project.\n`,
  )
  const exported = await cli.run(['auth', '--export'])
  assert.equal(exported.stdout, `TIPHYS_ENDPOINT=${server.url}\nTIPHYS_API_TOKEN=${TOKEN}\n`)
})

test('a token that the server does not know is not remembered', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t)
  const { code, stderr } = await cli.run(['auth', '-e', server.url, '-a', 'wrong'])
  assert.equal(code, 2)
  assert.match(
    stderr,
    /^tiphys: the server does not know this token; log in with: tiphys auth --endpoint/,
  )
  assert.equal(existsSync(join(cli.home, '.config')), false)
})

test('a token can come from standard input, and without one the way to get it is said', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t)
  const args = ['auth', '-e', server.url, '-a', '-']
  assert.equal((await cli.run(args, { stdin: `${TOKEN}\n` })).code, 0)
  const { code, stderr } = await cli.run(['auth'], {
    env: { XDG_CONFIG_HOME: join(cli.home, 'no') },
  })
  assert.equal(code, 2)
  assert.match(stderr, /the server printed the token when it was first started/)
})

test('flags are stronger than the environment, ours stronger than Keptn’s, both than the file', (t) => {
  const { home } = createCli(t)
  const configFile = join(home, 'config.json')
  writeFileSync(configFile, JSON.stringify({ endpoint: 'http://file', apiToken: 'file' }))
  const keptn = { KEPTN_ENDPOINT: 'http://keptn/api', KEPTN_API_TOKEN: 'keptn' }
  const ours = { ...keptn, TIPHYS_ENDPOINT: 'http://ours', TIPHYS_API_TOKEN: 'ours' }
  const flags = { configFile, endpoint: 'http://flag', apiToken: 'flag' }
  const of = (one: object, env: NodeJS.ProcessEnv) => {
    const { endpoint, token } = connectionOf(one, env)
    return [endpoint, token]
  }
  assert.deepEqual(of(flags, ours), ['http://flag', 'flag'])
  assert.deepEqual(of({ configFile }, ours), ['http://ours', 'ours'])
  assert.deepEqual(of({ configFile }, keptn), ['http://keptn', 'keptn'])
  assert.deepEqual(of({ configFile }, {}), ['http://file', 'file'])
  assert.deepEqual(of({ configFile: join(home, 'none') }, {}), ['http://127.0.0.1:8080', undefined])
})

test('a remembered token is never sent to another server', (t) => {
  const { home } = createCli(t)
  const configFile = join(home, 'config.json')
  writeFileSync(configFile, JSON.stringify({ endpoint: 'http://file', apiToken: 'file' }))
  assert.equal(connectionOf({ configFile, endpoint: 'http://elsewhere' }, {}).token, undefined)
  assert.equal(connectionOf({ configFile, endpoint: 'http://file/api/' }, {}).token, 'file')
})

test('endpoints as people write them', () => {
  const cases: [string, string][] = [
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['https://host/api', 'https://host'],
    ['https://host/base/api/', 'https://host/base'],
    ['https://host/base/', 'https://host/base'],
  ]
  for (const [written, endpoint] of cases) assert.equal(normaliseEndpoint(written), endpoint)
  for (const wrong of ['ftp://host', 'http://', 'http://user:pass@host']) {
    assert.throws(() => normaliseEndpoint(wrong), { name: 'CommandFailure' }, wrong)
  }
})

test('what goes wrong with a server is one sentence and an exit code', async (t) => {
  const server = await startFakeServer(t, {
    'GET /api/tiphys/v1/info': {
      status: 503,
      body: { code: 503, message: 'the server is starting' },
    },
    'GET /page/api/tiphys/v1/info': { body: '<html>' },
    'GET /old/api/tiphys/v1/info': { body: { name: 'tiphys' } },
  })
  const cli = createCli(t)
  const cases: [string, number, RegExp][] = [
    [server.url, 3, /^tiphys: the server is starting\n$/],
    [`${server.url}/page`, 3, /answered something unexpected: the answer: /],
    [`${server.url}/old`, 3, /answered something unexpected: version: /],
    [`${server.url}/nothing`, 2, /^tiphys: no route GET \/nothing/],
    [
      await closedEndpoint(),
      3,
      /^tiphys: cannot reach http:\/\/127\.0\.0\.1:\d+: nothing listens there/,
    ],
    ['http://no-such-host.invalid', 3, /^tiphys: cannot reach http:\/\/no-such-host\.invalid: /],
  ]
  for (const [endpoint, expected, message] of cases) {
    const { code, stderr, stdout } = await cli.run(['status', '--endpoint', endpoint])
    assert.match(stderr, message)
    assert.deepEqual([code, stdout], [expected, ''])
  }
})

/** Where something listened a moment ago, and nothing does now. */
async function closedEndpoint(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}
