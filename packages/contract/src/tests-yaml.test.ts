import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { formatProblem } from './problem.ts'
import { lintTestsYaml, parseTestsYaml } from './tests-yaml.ts'

const FILE = 'tiphys/tests.yaml'

function suite(text: string) {
  const parsed = parseTestsYaml(text, FILE)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.suite
}

function problems(text: string): string[] {
  return lintTestsYaml(text, FILE).map(formatProblem)
}

/** A load test with some lines of its own. */
function loadTest(...lines: string[]): string {
  const own = lines.map((line) => `      ${line}\n`).join('')
  return `tests:\n  - name: load\n    load:\n${own}      requests: [{request: GET /}]\n`
}

function check(...lines: string[]): string {
  const own = lines.map((line) => `        ${line}\n`).join('')
  return `tests:\n  - name: smoke\n    checks:\n      - request: GET /health\n${own}`
}

test('a file becomes a plan: defaults filled in, quantities in one unit', () => {
  const text = `
apiVersion: tiphys.dev/v1
target: https://{{service}}.{{stage}}.example.com
tests:
  - name: smoke
    checks:
      - request: GET /health
        within: 30s
        expect: { status: [200, 3xx], maxDuration: 500ms, bodyContains: ok, json: { up: true }, headers: { Content-Type: json } }
      - name: log in
        request: POST /login
        json: { user: jason }
  - name: load
    target: http://carts:8080/api
    load:
      rate: 600/m
      warmup: 5s
      duration: 1m30s
      maxConcurrent: 50
      thresholds:
        response_time_p95: { pass: "<0.5s", warning: "<=800ms" }
        error_rate: "<1%"
      requests:
        - request: GET /
          weight: 3
        - name: cart
          request: GET /cart
          expect: { status: 404 }
`
  assert.deepEqual(suite(text), {
    tests: [
      {
        kind: 'checks',
        name: 'smoke',
        target: 'https://{{service}}.{{stage}}.example.com',
        checks: [
          {
            name: 'GET /health',
            request: { method: 'GET', path: '/health', headers: {} },
            timeoutMs: 10_000,
            withinMs: 30_000,
            everyMs: 1_000,
            expect: {
              status: ['200', '3xx'],
              maxDurationMs: 500,
              bodyContains: ['ok'],
              json: { up: true },
              headers: { 'content-type': 'json' },
            },
          },
          {
            name: 'log in',
            request: {
              method: 'POST',
              path: '/login',
              headers: { 'content-type': 'application/json' },
              body: '{"user":"jason"}',
            },
            timeoutMs: 10_000,
            withinMs: 0,
            everyMs: 1_000,
            expect: { status: ['2xx'], bodyContains: [], headers: {} },
          },
        ],
      },
      {
        kind: 'load',
        name: 'load',
        target: 'http://carts:8080/api',
        load: {
          model: 'open',
          ratePerS: 10,
          arrivals: 'constant',
          maxConcurrent: 50,
          rampMs: 0,
          warmupMs: 5_000,
          durationMs: 90_000,
          timeoutMs: 10_000,
          thresholds: [
            {
              figure: 'response_time_p95',
              pass: { operator: '<', value: 500 },
              warning: { operator: '<=', value: 800 },
            },
            { figure: 'error_rate', pass: { operator: '<', value: 1 } },
          ],
          requests: [
            { request: { method: 'GET', path: '/', headers: {} }, weight: 3, status: ['2xx'] },
            {
              name: 'cart',
              request: { method: 'GET', path: '/cart', headers: {} },
              weight: 1,
              status: ['404'],
            },
          ],
        },
      },
    ],
  })
})

test('users make a closed model', () => {
  const [closed] = suite(loadTest('users: 5', 'thinkTime: 100ms', 'duration: 30s')).tests
  assert.ok(closed?.kind === 'load' && closed.load.model === 'closed')
  assert.equal(closed.load.users, 5)
  assert.equal(closed.load.thinkTimeMs, 100)
  assert.equal(closed.load.maxRatePerS, undefined)
})

const WRONG: readonly [string, string, string][] = [
  ['no tests', 'tests: []\n', '1:1: tests: is empty'],
  [
    'an unknown key',
    check('expects: { status: 200 }'),
    '5:9: unknown key expects in tests.0.checks.0; did you mean expect?',
  ],
  [
    'neither checks nor load',
    'tests:\n  - name: a\n',
    '2:5: tests.0: a test has either checks, load or command',
  ],
  [
    'a name twice',
    `${check()}  - name: smoke\n    checks: [{request: GET /}]\n`,
    '5:5: tests.1.name: the name smoke is taken by tests.0',
  ],
  [
    'a name that no indicator could have',
    'tests:\n  - name: a b\n    checks: [{request: GET /}]\n',
    '2:5: tests.0.name: expected a name of letters, digits, - and _ (at most 63)',
  ],
  [
    'a target with credentials',
    `target: https://me:secret@shop\n${check()}`,
    '1:1: target: expected an address like https://shop.example.com or http://carts:8080/api',
  ],
  [
    'a placeholder nobody fills',
    `target: https://{{color}}.example.com\n${check()}`,
    '1:1: target: only {{project}}, {{stage}} and {{service}} are replaced',
  ],
  [
    'a duration without unit',
    check('timeout: 5'),
    '5:9: tests.0.checks.0.timeout: expected a duration like 500ms, 30s or 5m',
  ],
  [
    'a duration out of bounds',
    check('timeout: 1h'),
    '5:9: tests.0.checks.0.timeout: expected a duration between 10ms and 5m, found 1h',
  ],
  [
    'a status that is none',
    check('expect: { status: 20x }'),
    '5:19: tests.0.checks.0.expect.status: expected a status like 200, a class like 2xx, or a list like [200, 204]',
  ],
  [
    'a body in a GET',
    check('body: hello'),
    '5:9: tests.0.checks.0.body: a GET request has no body',
  ],
  [
    'a header that splits requests',
    check('headers: { transfer-encoding: chunked }'),
    '5:9: tests.0.checks.0.headers: header transfer-encoding is set by the client itself',
  ],
  [
    'a header with a line end',
    check('headers: { x: "a\\r\\nb" }'),
    '5:9: tests.0.checks.0.headers: header x has a character that no header has, or is too long',
  ],
  [
    'a number JSON does not know',
    check('expect: { json: { x: .inf } }'),
    '5:19: tests.0.checks.0.expect.json: has a number in it that JSON does not know',
  ],
  [
    'a load test without rate',
    loadTest('duration: 30s'),
    '3:5: tests.0.load: rate: is missing (an open model sends so many requests a second, like 20/s)',
  ],
  [
    'both models',
    loadTest('rate: 20/s', 'users: 5', 'model: open', 'duration: 30s'),
    '5:7: tests.0.load.users: belongs to the closed model, and this test is open',
  ],
  [
    'a rate without a time',
    loadTest('rate: 20', 'duration: 30s'),
    '4:7: tests.0.load.rate: expected a rate like 20/s or 600/m',
  ],
  [
    'an unknown figure',
    loadTest('rate: 20/s', 'duration: 30s', 'thresholds: { response_time_95: "<1s" }'),
    '6:21: tests.0.load.thresholds.response_time_95: nothing called response_time_95 is measured; did you mean response_time_p95?',
  ],
  [
    'a threshold in the wrong unit',
    loadTest('rate: 20/s', 'duration: 30s', 'thresholds: { error_rate: "<500ms" }'),
    '6:21: tests.0.load.thresholds.error_rate: expected a criterion like <1%, found "<500ms"',
  ],
]

for (const [name, text, message] of WRONG) {
  test(`refused: ${name}`, () => {
    assert.deepEqual(problems(text), [`${FILE}:${message}`])
  })
}

const WRONG_REQUESTS: readonly [string, string][] = [
  [
    'FETCH /x',
    'expected a method and a path like GET /health, found "FETCH /x" (methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS)',
  ],
  ['get /x', 'expected a method and a path like GET /health, found "get /x" (write GET)'],
  [
    'GET http://evil.example/x',
    'names a path only: the host comes from `target` or the deployment',
  ],
  ['GET x', 'expected a path that starts with /, found "x"'],
  [
    'GET /a b',
    'has a character that no request path has; write it percent-encoded (a space is %20)',
  ],
  ['GET /{{x}}', 'only {{project}}, {{stage}} and {{service}} are replaced'],
]

for (const [request, message] of WRONG_REQUESTS) {
  test(`refused request: ${request}`, () => {
    const text = `tests:\n  - name: smoke\n    checks:\n      - request: ${request}\n`
    assert.deepEqual(problems(text), [`${FILE}:4:9: tests.0.checks.0.request: ${message}`])
  })
}

test('JSON is bounded in size and depth', () => {
  const wide = check(`expect: { json: [${'1,'.repeat(1_000)}1] }`)
  assert.match(problems(wide)[0] ?? '', /has more than 1000 values$/)
  const deep = check(`expect: { json: ${'['.repeat(30)}${']'.repeat(30)} }`)
  assert.match(problems(deep)[0] ?? '', /is nested deeper than 20 levels$/)
})

test('so many sets of figures do not fit into the events that carry them', () => {
  const requests = Array.from({ length: 40 }, (_, index) => `{name: r${index}, request: GET /}`)
  const text = loadTest('rate: 20/s', 'duration: 30s').replace(
    'requests: [{request: GET /}]',
    `requests: [${requests.join(', ')}]`,
  )
  assert.deepEqual(problems(text), [
    `${FILE}:1:1: tests: has 41 tests and named requests; at most 40 have figures`,
  ])
})

test('a percentile of too few requests is a doubt, not an error', () => {
  const text = loadTest('rate: 2/s', 'duration: 30s', 'thresholds: { response_time_p99: "<1s" }')
  assert.ok(parseTestsYaml(text, FILE).ok)
  assert.deepEqual(problems(text), [
    `${FILE}:6:21: warning: response_time_p99 of about 60 requests is only the slowest of them; measure longer or at a higher rate`,
  ])
})

test('a limit that the timeout never reaches is a doubt', () => {
  const text = check('timeout: 1s', 'expect: { maxDuration: 2s }')
  assert.deepEqual(problems(text), [
    `${FILE}:6:19: warning: maxDuration 2s is longer than the timeout 1s, which ends the request first`,
  ])
})
