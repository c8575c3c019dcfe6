import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { behaviourOf, responseTo } from '../src/sample-service/behaviour.ts'
import { isReadyAt, startSampleServer } from '../src/sample-service/sample-server.ts'

test('a tag decides how its version behaves', () => {
  const { version: _version, ...fast } = behaviourOf('1.0.0-rc1')
  assert.deepEqual(fast, {
    latencyMs: 5,
    errorPercent: 0,
    readyAfterMs: 0,
    isNeverReady: false,
    crashesAtStart: false,
  })
  assert.equal(behaviourOf('1.1.0-slow').latencyMs, 350)
  const both = behaviourOf('1.1.0-slow700-errors50')
  assert.deepEqual([both.latencyMs, both.errorPercent], [700, 50])
  assert.equal(behaviourOf('2-lazy5').readyAfterMs, 5000)
  assert.equal(behaviourOf('2-crash').crashesAtStart, true)
  assert.equal(behaviourOf('2-dies1').exitsAfterMs, 1000)
  const degraded = behaviourOf('2-lazy1-degraded2')
  assert.deepEqual(
    [0, 999, 1000, 2999, 3000].map((uptimeMs) => isReadyAt(degraded, uptimeMs)),
    [false, false, true, true, false],
  )
})

test('exactly the named share of any hundred requests fails, spread over them', () => {
  const errors = behaviourOf('1-errors20')
  const statuses = Array.from({ length: 100 }, (_, index) => responseTo(errors, index).status)
  assert.equal(statuses.filter((status) => status === 500).length, 20)
  assert.ok(statuses.slice(0, 10).includes(500) && statuses.slice(-10).includes(500))
  const slow = behaviourOf('1-slow')
  const latencies = Array.from({ length: 10 }, (_, index) => responseTo(slow, index).latencyMs)
  assert.ok(Math.min(...latencies) >= 280 && Math.max(...latencies) <= 455)
})

test('what it serves is what it measures', async () => {
  const server = await startSampleServer(behaviourOf('1.2.0-slow20-errors50'))
  const url = `http://127.0.0.1:${server.port}`
  const statuses: number[] = []
  for (let index = 0; index < 10; index += 1) {
    const answer = await fetch(url)
    statuses.push(answer.status)
    await answer.text()
  }
  const failed = statuses.filter((status) => status === 500).length
  assert.ok(failed > 0 && failed < 10)
  assert.equal((await fetch(`${url}/nothing`)).status, 404)
  assert.equal((await fetch(`${url}/health`)).status, 200)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  assert.match(metrics, new RegExp(`http_requests_total\\{.*status="500"\\} ${failed}\\n`))
  assert.match(metrics, /http_response_time_milliseconds_bucket\{le="10"\} 0\n/)
  assert.match(metrics, /http_response_time_milliseconds_bucket\{le="\+Inf"\} 10\n/)
  assert.match(metrics, /http_response_time_milliseconds_count 10\n/)
  const [, sum] = metrics.match(/milliseconds_sum ([\d.]+)/) ?? []
  assert.ok(Number(sum) >= 150, sum)
  assert.match(metrics, /sample_build_info\{version="1\.2\.0-slow20-errors50"\} 1/)
  await server.close()
})
