import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createGuardedHttp } from '@tiphys/providers/http/guarded-http.ts'
import { isHostAllowed } from '../../src/executors/test/target-hosts.ts'
import { runTask, testTask } from './test-task.ts'
import { startWebServer } from './web-server.ts'

const SMOKE = 'tests:\n  - name: smoke\n    checks: [{request: GET /health}]\n'

function deployment(local: readonly string[], published: readonly string[] = []) {
  return { deployment: { deploymentURIsLocal: local, deploymentURIsPublic: published } }
}

const PATTERNS: readonly [pattern: string, allowed: string[], refused: string[]][] = [
  [
    'shop.example.com',
    ['https://shop.example.com/x', 'http://SHOP.example.com.', 'http://shop.example.com:80'],
    [
      'http://shop.example.com:8080',
      'http://shop.example.com.evil.example',
      'http://evil-shop.example.com',
      'http://shop.example.com@evil.example',
      'http://evil.example#@shop.example.com',
      'http://evil.example\\@shop.example.com',
    ],
  ],
  [
    '*.example.com',
    ['http://a.example.com', 'https://a.b.example.com'],
    ['http://example.com', 'http://badexample.com', 'http://a.example.com:81'],
  ],
  ['carts:8080', ['http://carts:8080'], ['http://carts', 'http://carts:80801', 'http://carts:443']],
  ['carts:*', ['http://carts:8080', 'http://carts'], ['http://carts2:8080']],
  ['carts:443', ['https://carts'], ['http://carts']],
  ['https://shop.example.com/cart', ['https://shop.example.com/'], ['http://shop.example.com/']],
  ['[::1]:80', ['http://[::1]/', 'http://[0:0::1]:80'], ['http://[::2]']],
  ['127.0.0.1', ['http://0x7f.1', 'http://2130706433'], ['http://127.0.0.2']],
  ['münchen.example', ['http://xn--mnchen-3ya.example'], ['http://munchen.example']],
  ['*', [], ['http://anything.example']],
  ['not a host', [], ['http://not']],
]

for (const [pattern, allowed, refused] of PATTERNS) {
  test(`hosts that ${pattern} stands for`, () => {
    for (const text of allowed) assert.ok(isHostAllowed(new URL(text), [pattern]), text)
    for (const text of refused) {
      const url = URL.parse(text)
      assert.ok(url === null || !isHostAllowed(url, [pattern]), text)
    }
  })
}

test('the first local address is tested, else the first public one', async () => {
  await using local = await startWebServer((_request, response) => response.end())
  await using published = await startWebServer((_request, response) => response.end())
  const settings = { targets: [local.host, published.host] }
  const both = deployment([`${local.url}/shop/?x=1#y`, 'http://older/'], [published.url])
  await runTask(testTask({ file: SMOKE, settings, data: both }))
  assert.deepEqual(local.seen, ['GET /shop/health'])
  await runTask(testTask({ file: SMOKE, settings, data: deployment([], [published.url]) }))
  assert.deepEqual(published.seen, ['GET /health'])
  const hidden = deployment(['http://carts.sockshop:8080'], [published.url])
  await runTask(testTask({ file: SMOKE, settings, data: hidden }))
  assert.equal(published.seen.length, 2)
})

test('without targets the hosts of the application may be tested', async () => {
  await using server = await startWebServer((_request, response) => response.end())
  const asked: string[] = []
  const answer = await runTask(testTask({ file: SMOKE, data: deployment([server.url]) }), {
    trustedHosts: ({ project, stage, service }) => {
      asked.push(`${project}/${stage}/${service}`)
      return Promise.resolve([`${server.url}/`])
    },
  })
  assert.equal(answer.result, 'pass')
  assert.deepEqual(asked, ['sockshop/staging/carts'])
})

test('the hosts of the application are asked for again while Argo CD is away', async () => {
  await using server = await startWebServer((_request, response) => response.end())
  let calls = 0
  const waits: number[] = []
  const task = testTask({ file: SMOKE, data: deployment([server.url]) })
  const answer = await runTask(task, {
    clock: {
      nowMs: () => Date.now(),
      sleep: (durationMs) => {
        waits.push(durationMs)
        return Promise.resolve()
      },
      at: () => () => undefined,
    },
    trustedHosts: () => {
      calls += 1
      if (calls < 4) return Promise.reject(new Error('argocd.example.com refused the connection'))
      return Promise.resolve([server.host])
    },
  })
  assert.equal(answer.result, 'pass')
  assert.deepEqual(waits, [1_000, 2_000, 4_000])
  assert.deepEqual(task.progress, [
    'cannot find out which hosts may be tested, and tries again: argocd.example.com refused the connection',
  ])
})

const STEERING: readonly [name: string, uri: string, message: RegExp][] = [
  [
    'another host',
    'http://evil.example/',
    /^the host evil\.example of the deployment's address in the event may not be tested \(allowed: shop\.example\.com\); add it to `targets` in tiphys\/project\.yaml$/,
  ],
  [
    'another port of an allowed host',
    'http://shop.example.com:22/',
    /^the host shop\.example\.com:22 /,
  ],
  [
    'the allowed host as a user name',
    'http://shop.example.com@evil.example/',
    /credentials for evil\.example/,
  ],
  [
    'the allowed host behind a backslash',
    'http://evil.example\\@shop.example.com/',
    /^the host evil\.example /,
  ],
  [
    'credentials for the allowed host',
    'http://a:b@shop.example.com/',
    /credentials for shop\.example\.com/,
  ],
  ['the metadata service', 'http://169.254.169.254/latest/', /^the host 169\.254\.169\.254 /],
  ['another protocol', 'file:///etc/passwd', /speaks file: and only http and https/],
  [
    'no URL',
    'shop.example.com',
    /^the deployment's address "shop\.example\.com" in the event is not a URL$/,
  ],
  ['a very long text', `http://shop.example.com/${'a'.repeat(5_000)}`, /is not a URL$/],
]

for (const [name, uri, message] of STEERING) {
  test(`an event cannot steer a test: ${name}`, async () => {
    const settings = { targets: ['shop.example.com'] }
    const answer = await runTask(testTask({ file: SMOKE, settings, data: deployment([uri]) }))
    assert.equal(answer.status, 'errored')
    assert.equal(answer.result, 'fail')
    assert.match(answer.message, message)
  })
}

test('an event cannot choose tests, target, checks or limits', async () => {
  await using server = await startWebServer((_request, response) => response.end('ok'))
  await using other = await startWebServer((_request, response) => response.end('ok'))
  const file = `target: ${server.url}\n${SMOKE}`
  const data = {
    ...deployment([other.url]),
    target: other.url,
    targets: [other.host],
    tests: ['none'],
    teststrategy: 'canarywait',
    test: {
      target: other.url,
      tests: [],
      teststrategy: 'performance',
      checks: [{ request: 'GET /evil' }],
      results: { response_time_p95: 1, targets: { smoke: { checks_failed: 7 } } },
    },
  }
  const answer = await runTask(testTask({ file, data }))
  assert.equal(answer.message, 'smoke passed (1 of 1 checks)')
  assert.deepEqual(server.seen, ['GET /health'])
  assert.deepEqual(other.seen, [])
})

test('an allowed host that leads to a forbidden address is refused by the guard', async () => {
  const http = createGuardedHttp()
  const settings = { targets: ['127.0.0.1:8080'] }
  const data = deployment(['http://127.0.0.1:8080/'])
  const answer = await runTask(testTask({ file: SMOKE, settings, data }), {
    guard: (url) => http.check(url, 'user'),
  })
  assert.equal(answer.status, 'errored')
  assert.match(answer.message, /^127\.0\.0\.1:8080 leads to 127\.0\.0\.1 \(loopback\)/)
})

test('a name is connected to the address that was checked, and checked again when it changes', async () => {
  await using server = await startWebServer((_request, response) => response.end('ok'))
  const port = new URL(server.url).port
  let lookups = 0
  const http = createGuardedHttp({
    allowLoopback: true,
    lookup: () => {
      lookups += 1
      // The first look-up is the check before the test, the second that of the connection: a name that changes its mind.
      const address = lookups === 1 ? '127.0.0.1' : '169.254.169.254'
      return Promise.resolve([{ address, family: 4 }])
    },
  })
  const file = `target: http://rebinding.example:${port}\n${SMOKE}`
  const steps: string[] = []
  const answer = await runTask(testTask({ file }), {
    guard: async (url) => {
      steps.push(url)
      return await http.check(url, 'user')
    },
  })
  assert.equal(answer.result, 'fail')
  assert.ok(steps.length >= 2, 'checked before the test and for its connection')
  assert.deepEqual(server.seen, [])
  assert.match(answer.message, /leads to 169\.254\.169\.254/)
})

test('a target in the file is filled with the names of the run, and they cannot move it', async () => {
  const file = `target: http://127.0.0.1:{{service}}/\n${SMOKE}`
  const task = testTask({ file })
  const moved = { ...task.job, service: '1@evil.example' }
  const answer = await runTask({ ...task, job: moved })
  assert.equal(answer.status, 'errored')
  assert.equal(
    answer.message,
    'the name 1@evil.example cannot be part of the target http://127.0.0.1:{{service}}/',
  )
})

test('without any address the sentence says where one may come from', async () => {
  const answer = await runTask(testTask({ file: SMOKE, data: deployment([]) }))
  assert.equal(answer.status, 'errored')
  assert.match(answer.message, /^nothing says where to send requests: .* no target$/)
})
