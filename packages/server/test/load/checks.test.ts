import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { TestResults } from '@tiphys/contract/test-results.ts'
import { resultsOf, runTask, testTask } from './test-task.ts'
import { closedPort, startWebServer } from './web-server.ts'

function smoke(url: string, ...checks: string[]): string {
  return `target: ${url}\ntests:\n  - name: smoke\n    checks:\n${checks.map((one) => `      - ${one}\n`).join('')}`
}

test('checks that hold pass, and say how many', async () => {
  await using server = await startWebServer((request, response) => {
    response.setHeader('content-type', 'application/json; charset=utf-8')
    response.end(JSON.stringify({ up: true, path: request.url, list: [1, { a: 1, b: 2 }] }))
  })
  const file = smoke(
    server.url,
    'request: GET /health',
    'request: GET /{{service}}/{{stage}}\n        expect: { status: 200, maxDuration: 5s, bodyContains: [up, /carts/staging], headers: { content-type: application/json } }',
    'request: POST /orders\n        json: { a: 1 }\n        expect: { json: { up: true, list: [1, { a: 1 }] } }',
  )
  const answer = await runTask(testTask({ file }))
  assert.equal(answer.result, 'pass')
  assert.equal(answer.status, 'succeeded')
  assert.equal(answer.message, 'smoke passed (3 of 3 checks)')
  assert.deepEqual(server.seen, ['GET /health', 'GET /carts/staging', 'POST /orders'])
  const results = resultsOf(answer)
  assert.ok(TestResults.safeParse(results).success)
  assert.equal(results['checks_passed'], 3)
  assert.equal(results['checks_failed'], 0)
  assert.equal(results.targets['smoke']?.['url'], server.url)
  assert.equal(results['response_time_p95'], undefined)
})

test('what does not hold is said with what was expected and found', async () => {
  await using server = await startWebServer((_request, response) => {
    response.statusCode = 503
    response.end('{"up": false, "parts": [1]}')
  })
  const file = smoke(
    server.url,
    'request: GET /a',
    'request: GET /b\n        expect: { status: 5xx, bodyContains: ready }',
    'request: GET /c\n        expect: { status: [503], json: { up: true } }',
    'name: parts\n        request: GET /d\n        expect: { status: 503, json: { parts: [1, 2] } }',
    'request: GET /e\n        expect: { status: 503, headers: { x-version: "2" } }',
    'request: GET /f\n        expect: { status: 503, json: { parts: [1] } }',
  )
  const answer = await runTask(testTask({ file }))
  assert.equal(answer.result, 'fail')
  assert.equal(answer.status, 'succeeded')
  assert.equal(
    answer.message,
    [
      'smoke failed: GET /a answered 503, not 2xx',
      'GET /b body does not contain "ready"; it is "{\\"up\\": false, \\"parts\\": [1]}"',
      'GET /c json up is false, not true',
      'parts json parts has 1 elements, not 2',
      'GET /e has no header x-version (1 of 6 checks passed)',
    ].join('; '),
  )
  assert.equal(resultsOf(answer)['checks_failed'], 5)
})

test('a check is tried again until it holds', async () => {
  let arrived = 0
  await using server = await startWebServer((_request, response) => {
    arrived += 1
    response.statusCode = arrived < 4 ? 503 : 200
    response.end()
  })
  const file = smoke(server.url, 'request: GET /health\n        within: 30s\n        every: 50ms')
  const task = testTask({ file })
  const answer = await runTask(task, { progressIntervalMs: 0 })
  assert.equal(answer.result, 'pass')
  assert.equal(arrived, 4)
  assert.ok(task.progress.some((line) => line.startsWith('smoke: GET /health answered 503')))
})

test('a check that does not hold in time fails with the last reason and the attempts', async () => {
  const port = await closedPort()
  const file = smoke(
    `http://127.0.0.1:${port}`,
    'request: GET /health\n        within: 400ms\n        every: 100ms',
  )
  const answer = await runTask(testTask({ file }))
  assert.equal(answer.status, 'succeeded')
  assert.equal(answer.result, 'fail')
  assert.match(
    answer.message,
    /^smoke failed: GET \/health had no answer: 127\.0\.0\.1:\d+ refused the connection \(\d attempts in [34]\d\dms\) \(0 of 1 checks passed\)$/,
  )
})

test('slow, endless and broken answers end within their limits', async () => {
  await using server = await startWebServer((request, response) => {
    if (request.url === '/broken') request.socket.destroy()
    if (request.url === '/half') {
      response.write('half of it')
      setImmediate(() => request.socket.destroy())
    }
    if (request.url === '/endless') {
      const chunk = Buffer.alloc(65_536, 'x')
      response.on('drain', fill)
      function fill(): void {
        while (!response.destroyed && response.write(chunk));
      }
      fill()
    }
    if (request.url === '/slow') setTimeout(() => response.end('ok'), 30)
  })
  const file = smoke(
    server.url,
    'request: GET /never\n        timeout: 100ms',
    'request: GET /broken',
    'request: GET /half',
    'request: GET /endless',
    'request: GET /slow\n        expect: { maxDuration: 5ms }',
  )
  const answer = await runTask(testTask({ file }))
  const lines = answer.message.split('; ')
  assert.equal(lines[0], 'smoke failed: GET /never had no answer after 100ms')
  assert.match(lines[1] ?? '', /^GET \/broken had no answer: .* closed the connection$/)
  assert.match(lines[2] ?? '', /^GET \/half had no answer: .* closed the connection$/)
  assert.equal(lines[3], 'GET /endless answered more than 1000000 bytes')
  assert.match(lines[4] ?? '', /^GET \/slow took \d+ ms, more than 5 ms \(0 of 5 checks passed\)$/)
})

test('a redirect is an answer and is not followed', async () => {
  await using server = await startWebServer((_request, response) => {
    response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
  })
  const file = smoke(
    server.url,
    'request: GET /a',
    'request: GET /b\n        expect: { status: 302 }',
  )
  const answer = await runTask(testTask({ file }))
  assert.equal(answer.message, 'smoke failed: GET /a answered 302, not 2xx (1 of 2 checks passed)')
  assert.equal(server.seen.length, 2)
})

test('the message stays short however much fails', async () => {
  await using server = await startWebServer((_request, response) => response.end('x'.repeat(500)))
  const checks = Array.from(
    { length: 30 },
    (_, index) =>
      `name: ${'long '.repeat(300)}${index}\n        request: GET /\n        expect: { bodyContains: y }`,
  )
  const answer = await runTask(testTask({ file: smoke(server.url, ...checks) }))
  assert.equal(answer.result, 'fail')
  assert.equal(answer.message.length, 4_001)
})
