import { strict as assert } from 'node:assert'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { resultsOf, runTask, testTask, windowOf } from './test-task.ts'
import { type Answer, answerAfter, closedPort, startWebServer, until } from './web-server.ts'

function loadFile(url: string, ...lines: string[]): string {
  const own = lines.map((line) => `      ${line}\n`).join('')
  return `target: ${url}\ntests:\n  - name: load\n    load:\n${own}`
}

/** What timers, sockets and a busy machine may add to a known delay. */
const OVERHEAD_MS = 60

function assertDelay(value: unknown, delayMs: number, name: string): void {
  assert.ok(typeof value === 'number', `${name} was not measured`)
  // The histogram may say up to half a percent less, and timers of the server fire up to 1 ms early.
  assert.ok(value >= delayMs * 0.995 - 1, `${name} is ${value}, less than ${delayMs}`)
  assert.ok(value <= delayMs + OVERHEAD_MS, `${name} is ${value}, more than ${delayMs}`)
}

test('percentiles are those of a server with known delays', async () => {
  const delays = [20, 20, 20, 20, 20, 20, 20, 20, 150, 300]
  let turn = 0
  await using server = await startWebServer((request, response) => {
    answerAfter(delays[turn++ % delays.length] ?? 0)(request, response)
  })
  const file = loadFile(
    server.url,
    'rate: 50/s',
    'duration: 2s',
    'requests: [{request: GET /}]',
    'thresholds: { response_time_p95: ">=200ms", requests: "=100", error_rate: "=0%" }',
  )
  const answer = await runTask(testTask({ file }))
  assert.equal(answer.result, 'pass', answer.message)
  const results = resultsOf(answer)
  assert.equal(results['requests'], 100)
  assert.equal(results['rps'], 50)
  assertDelay(results['response_time_min'], 20, 'min')
  assertDelay(results['response_time_p50'], 20, 'p50')
  assertDelay(results['response_time_p90'], 150, 'p90')
  assertDelay(results['response_time_p95'], 300, 'p95')
  assertDelay(results['response_time_max'], 300, 'max')
})

/** Answers at once, except that everything which arrives during the second half of a second-long stall waits for its end. */
function stalling(afterMs: number, stallMs: number): Answer {
  let fromMs: number | undefined
  return (_request, response) => {
    fromMs ??= performance.now() + afterMs
    const sinceMs = performance.now() - fromMs
    const waitMs = sinceMs >= 0 && sinceMs < stallMs ? stallMs - sinceMs : 0
    setTimeout(() => response.end('ok'), waitMs)
  }
}

test('a stall is seen by the open model as users see it, and hidden by the closed one', async () => {
  await using forOpen = await startWebServer(stalling(500, 1_000))
  await using forClosed = await startWebServer(stalling(500, 1_000))
  const requests = 'requests: [{request: GET /}]'
  const open = loadFile(forOpen.url, 'rate: 50/s', 'duration: 2s', requests)
  const closed = loadFile(forClosed.url, 'users: 1', 'thinkTime: 15ms', 'duration: 2s', requests)
  const [openAnswer, closedAnswer] = await Promise.all([
    runTask(testTask({ file: open })),
    runTask(testTask({ file: closed })),
  ])
  const seenByOpen = resultsOf(openAnswer)
  const seenByClosed = resultsOf(closedAnswer)
  // Half of the open model's requests fall into the stall and wait half of it on average.
  assert.ok(Number(seenByOpen['response_time_p90']) > 500, `${seenByOpen['response_time_p90']}`)
  assert.equal(seenByOpen['requests'], 100)
  // The closed model's user sends one request into it, and none while it waits.
  assert.ok(Number(seenByClosed['response_time_p90']) < 200, openAnswer.message)
  assert.ok(Number(seenByClosed['response_time_max']) > 800, closedAnswer.message)
})

test('arrivals beyond maxConcurrent are dropped, counted and a warning', async () => {
  await using server = await startWebServer(answerAfter(500))
  const lines = ['rate: 50/s', 'duration: 1s', 'maxConcurrent: 5', 'requests: [{request: GET /}]']
  const answer = await runTask(testTask({ file: loadFile(server.url, ...lines) }))
  const results = resultsOf(answer)
  assert.equal(answer.result, 'warning')
  assert.equal(Number(results['requests']) + Number(results['dropped']), 50)
  assert.ok(Number(results['dropped']) > 20)
  assert.match(answer.message, /^load passed with a warning: \d+ requests were not sent because /)
  assert.ok(server.acceptedSockets() <= 5)

  const judged = loadFile(server.url, ...lines, 'thresholds: { dropped: "<=50" }')
  assert.equal((await runTask(testTask({ file: judged }))).result, 'pass')
})

test('warm-up and ramp are sent and not measured', async () => {
  let arrived = 0
  await using server = await startWebServer((request, response) => {
    arrived += 1
    // Slow at first, as a service that fills its caches.
    answerAfter(arrived <= 45 ? 150 : 1)(request, response)
  })
  const file = loadFile(
    server.url,
    'rate: 50/s',
    'ramp: 1s',
    'warmup: 500ms',
    'duration: 1s',
    'requests: [{request: GET /}]',
  )
  const answer = await runTask(testTask({ file }))
  assert.equal(arrived, 100)
  const results = resultsOf(answer)
  assert.equal(results['requests'], 50)
  assert.ok(Number(results['response_time_p99']) < 100, answer.message)
  const { startMs, endMs } = windowOf(answer)
  const windowMs = endMs - startMs
  assert.ok(windowMs >= 1_000 && windowMs < 1_400, `the window is ${windowMs} ms`)
})

test('every way to fail is counted apart', async () => {
  let turn = 0
  await using server = await startWebServer((request, response) => {
    switch (turn++ % 4) {
      case 0:
        return response.end('ok')
      case 1:
        response.statusCode = 503
        return response.end()
      case 2:
        return request.socket.destroy()
      default:
        return undefined
    }
  })
  const file = loadFile(
    server.url,
    'rate: 40/s',
    'duration: 1s',
    'timeout: 200ms',
    'requests: [{request: POST /orders}]',
    'thresholds: { error_rate: { pass: "<1%", warning: "<80%" }, response_time_p95: "<1s" }',
  )
  const answer = await runTask(testTask({ file }))
  const results = resultsOf(answer)
  assert.equal(answer.result, 'warning')
  assert.equal(answer.status, 'succeeded')
  assert.equal(results['requests'], 40)
  assert.equal(results['failures'], 30)
  assert.equal(results['unexpected_status'], 10)
  assert.equal(results['connection_errors'], 10)
  assert.equal(results['timeouts'], 10)
  assert.equal(results['status_5xx'], 10)
  assert.match(answer.message, /^load passed with a warning: error_rate is 75 %, not <1 % \(40 req/)
})

test('requests are sent by weight, and those with a name have figures of their own', async () => {
  await using server = await startWebServer((request, response) => {
    answerAfter(request.url === '/cart' ? 80 : 1)(request, response)
  })
  const file = loadFile(
    server.url,
    'rate: 40/s',
    'duration: 1s',
    'requests: [{request: GET /, weight: 3}, {name: cart, request: GET /cart}]',
  )
  const answer = await runTask(testTask({ file }))
  const cart = resultsOf(answer).targets['load/cart']
  assert.equal(server.seen.filter((line) => line === 'GET /cart').length, 10)
  assert.equal(cart?.['requests'], 10)
  assertDelay(cart?.['response_time_min'], 80, 'cart')
  assert.ok(Number(resultsOf(answer)['response_time_p50']) < 60, answer.message)
})

test('a threshold that is missed fails with its numbers', async () => {
  await using server = await startWebServer(answerAfter(60))
  const file = loadFile(
    server.url,
    'rate: 30/s',
    'duration: 1s',
    'requests: [{request: GET /}]',
    'thresholds: { response_time_p95: "<50ms", requests: ">=30" }',
  )
  const answer = await runTask(testTask({ file }))
  assert.equal(answer.result, 'fail')
  assert.equal(answer.status, 'succeeded')
  assert.match(
    answer.message,
    /^load failed: response_time_p95 is \S+ ms, not <50 ms \(30 requests, 30\/s, p50 .*errors 0 %\)$/,
  )
})

test('a target that nobody answers on fails with the reason, thresholds or not', async () => {
  const url = `http://127.0.0.1:${await closedPort()}`
  const file = loadFile(url, 'rate: 20/s', 'duration: 500ms', 'requests: [{request: GET /}]')
  const answer = await runTask(testTask({ file }))
  assert.equal(answer.status, 'succeeded')
  assert.equal(answer.result, 'fail')
  assert.equal(
    answer.message,
    'load failed: none of 10 requests succeeded: 10 × ECONNREFUSED (10 requests, 0/s, errors 100 %)',
  )
  assert.equal(resultsOf(answer)['response_time_p95'], undefined)
})

test('users wait for answers, think, and are held back by maxRate', async () => {
  await using server = await startWebServer(answerAfter(1))
  const file = loadFile(
    server.url,
    'users: 4',
    'maxRate: 40/s',
    'duration: 1s',
    'requests: [{request: GET /}]',
  )
  const answer = await runTask(testTask({ file }))
  const { requests } = resultsOf(answer)
  assert.ok(Number(requests) >= 36 && Number(requests) <= 41, `${requests} requests`)
  assert.match(answer.message, /requests were held back by the highest rate allowed/)
  assert.ok(server.acceptedSockets() <= 4)
})

test('a kept connection that the server closed meanwhile is no failure, where sending again is harmless', async () => {
  const used = new WeakSet<Socket>()
  await using server = await startWebServer((request, response) => {
    // The second request on a connection finds it closed, as when both sides give up on an idle one at the same moment.
    if (used.has(request.socket)) request.socket.destroy()
    else response.end('ok')
    used.add(request.socket)
  })
  const lines = ['rate: 40/s', 'duration: 500ms']
  const reading = loadFile(server.url, ...lines, 'requests: [{request: GET /}]')
  const read = resultsOf(await runTask(testTask({ file: reading })))
  assert.equal(read['requests'], 20)
  assert.equal(read['failures'], 0)
  assert.ok(server.seen.length > 20, 'some were sent again')

  const writing = loadFile(server.url, ...lines, 'requests: [{request: POST /}]')
  const written = resultsOf(await runTask(testTask({ file: writing })))
  assert.equal(written['requests'], 20)
  assert.ok(Number(written['connection_errors']) >= 5, 'an order is never placed twice')
})

test('a stall of the generator itself is said', async () => {
  await using server = await startWebServer(answerAfter(0))
  const file = loadFile(server.url, 'rate: 50/s', 'duration: 1s', 'requests: [{request: GET /}]')
  const running = runTask(testTask({ file }))
  await until(() => server.seen.length > 5)
  const stallMs = 300
  const startMs = performance.now()
  while (performance.now() - startMs < stallMs);
  const answer = await running
  assert.equal(resultsOf(answer)['requests'], 50, 'what was due meanwhile is sent, not forgotten')
  assert.match(
    answer.message,
    /the generator was up to \d+ ms late, which the response times contain/,
  )
  assert.ok(Number(resultsOf(answer)['response_time_max']) >= 250)
})

test('Poisson arrivals keep the rate', async () => {
  await using server = await startWebServer(answerAfter(0))
  const lines = ['rate: 100/s', 'arrivals: poisson', 'duration: 1s']
  const file = loadFile(server.url, ...lines, 'requests: [{request: GET /}]')
  const answer = await runTask(testTask({ file }))
  const { requests, failures } = resultsOf(answer)
  // 100 expected, standard deviation 10; the seed follows from the task, so this is always the same number.
  assert.ok(Number(requests) > 60 && Number(requests) < 140, `${requests}`)
  assert.equal(failures, 0)
})
