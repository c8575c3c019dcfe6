import { strict as assert } from 'node:assert'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Cli, type CliResult, createCli } from './run-cli.ts'

/**
 * Everything that somebody may get wrong about a gate: one sentence with its place, the right exit code, and nothing half done. 2 is a file
 * or wrong use, 3 is no verdict, 1 is a verdict.
 */
const SLO = `objectives:
  - sli: error_rate
    pass: [{ criteria: ["<=1"] }]
`
const VALUES = '{"indicatorValues":[{"metric":"error_rate","value":0.5}]}'

function gate(t: TestContext, files: Readonly<Record<string, string>>) {
  const cli = createCli(t)
  const all = { 'slo.yaml': SLO, 'values.json': VALUES, ...files }
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(join(cli.home, name, '..'), { recursive: true })
    writeFileSync(join(cli.home, name), text)
  }
  const evaluate = (...args: string[]) =>
    cli.run([
      'evaluate',
      '--slo=slo.yaml',
      '--history=history.json',
      '--report=report.html',
      ...args,
    ])
  return { cli, evaluate }
}

/** Refused before anything was asked: said, and nothing else. */
function assertRefused(
  cli: Cli,
  { code, stdout, stderr }: CliResult,
  said: readonly string[],
): void {
  assert.deepEqual([code, stdout, stderr.trimEnd().split('\n')], [2, '', said])
  for (const file of ['history.json', 'report.html']) {
    assert.ok(!existsSync(join(cli.home, file)), `${file} was written`)
  }
}

test('an slo.yaml that cannot be evaluated is refused with every place', async (t) => {
  const text = `comparison: { aggregate_function: p59 }
objectives:
  - sli: error_rate
    pass:
      - criteria: ["1", "<=ten", "=>1", "<=+-%", ""]
  - sli: throughput
    warning: [{ criteria: ["about 5"] }]
total_score: { pass: "120%", warning: most }
`
  const { cli, evaluate } = gate(t, { 'slo.yaml': text })
  const write = 'write an operator and a number: <=500, or <=+10% to compare with earlier results'
  const symbol = 'invalid criteria string'
  const number = 'could not parse criteria target value'
  assertRefused(cli, await evaluate('--values=values.json'), [
    'slo.yaml:1:15: aggregate_function p59 is not known; it is one of avg, p50, p90, p95, p99; did you mean p50?',
    `slo.yaml:5:20: criterion "1": ${symbol}; ${write}`,
    `slo.yaml:5:25: criterion "<=ten": ${number}; ${write}`,
    `slo.yaml:5:34: criterion "=>1": ${number}; ${write}`,
    `slo.yaml:5:41: criterion "<=+-%": ${number}; ${write}`,
    `slo.yaml:5:50: criterion "": ${symbol}; ${write}`,
    `slo.yaml:7:28: criterion "about 5": ${symbol}; ${write}`,
    'slo.yaml:8:30: total_score.warning "most" is not a percentage; write it like "90%"',
    'slo.yaml:8:16: total_score.pass 120% can never be reached: a score is at most 100',
    'slo.yaml:7:5: warning: throughput has no pass criteria: it is shown, and its warning criteria have no effect',
  ])
})

test('no objectives at all are a verdict, as in Keptn, with the place', async (t) => {
  const { evaluate } = gate(t, { 'slo.yaml': 'objectives: []\n' })
  const { code, stdout, stderr } = await evaluate('--values=values.json')
  assert.equal(code, 1)
  assert.equal(stderr, 'slo.yaml:1:1: warning: there are no objectives: every evaluation fails\n')
  assert.match(stdout, /^The evaluation failed because slo\.yaml names no objectives\./)
})

test('an indicator with two values is refused, one without a value is a verdict or none', async (t) => {
  const twice = '{"indicatorValues":[{"metric":"a","value":1},{"metric":"a","value":2}]}'
  const other = '{"indicatorValues":[{"metric":"other","value":1}]}'
  const { cli, evaluate } = gate(t, { 'twice.json': twice, 'other.json': other })
  assertRefused(cli, await evaluate('--values=twice.json'), [
    'twice.json:1:47: indicatorValues.1.metric: a has a value already, in indicatorValues.0',
  ])
  const missing = await evaluate('--values=other.json')
  assert.equal(missing.code, 3)
  assert.match(missing.stdout, /^No verdict: error_rate has no value/)
})

test('a window that is none, is turned round, or is not over is wrong use', async (t) => {
  const { cli, evaluate } = gate(t, {})
  const cases: [string[], RegExp][] = [
    [['--start=noon'], /^tiphys: (no timeframe or end date provided|start "noon" is not a time)/],
    [['--start=noon', '--end=later'], /^tiphys: start "noon" is not a time like 2006-/],
    [
      ['--start=2026-01-02T04:00:00', '--end=2026-01-02T03:00:00'],
      /^tiphys: end date must be at least 1 minute after start date\n$/,
    ],
    [
      ['--start=2999-01-01T00:00:00', '--timeframe=5m'],
      /^tiphys: the window ends in the future, at 2999-01-01T00:05:00\.000Z: that is \d+d \d+h from now\n$/,
    ],
    [['--timeframe=soon'], /^tiphys: could not parse provided timeframe: "soon" is not a duration/],
  ]
  const ask = ['--provider=prometheus', '--url=http://127.0.0.1:9/']
  for (const [args, said] of cases) {
    const result = await evaluate(...ask, ...args)
    assert.match(result.stderr, said)
    assertRefused(cli, result, result.stderr.trimEnd().split('\n'))
  }
})

/** By query: how a metrics system may answer, and what a person reads. */
const ANSWERS: Readonly<
  Record<string, [answer: (response: ServerResponse) => void, said: RegExp]>
> = {
  html: [
    (r) => r.setHeader('content-type', 'text/html').end('<html>Sign in</html>'),
    /no JSON|not JSON|HTML|<html>/i,
  ],
  several: [(r) => r.end(vector('1', '2')), /multiple values/],
  none: [(r) => r.end(vector()), /did not return any values/],
  nan: [(r) => r.end(vector('NaN')), /did not return valid values/],
  infinite: [(r) => r.end(vector('+Inf')), /did not return valid values/],
  refused: [(r) => r.writeHead(401).end('who are you'), /401/],
  silent: [() => undefined, /did not answer|no answer|in time|within|after 500/i],
  slow: [drip, /did not answer|no answer|in time|within|after 500/i],
}
const DRIP_MS = 100

function vector(...values: string[]): string {
  const result = values.map((value) => ({ metric: {}, value: [1, value] }))
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } })
}

/** A byte now and then keeps a connection busy for ever. */
function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), DRIP_MS)
  response.on('close', () => clearInterval(timer))
}

test('a metrics system that does not measure gives no verdict, and the reason of each', async (t) => {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      const query = new URLSearchParams(body).get('query') ?? ''
      ANSWERS[query]?.[0](response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const names = Object.keys(ANSWERS)
  const { cli, evaluate } = gate(t, {
    'slo.yaml': `objectives:\n${names.map((name) => `  - { sli: ${name}, pass: [{ criteria: ["<1"] }] }\n`).join('')}`,
    'sli.yaml': `indicators:\n${names.map((name) => `  ${name}: ${name}\n`).join('')}`,
    'connections.yaml': `providers:\n  prometheus: { url: "http://127.0.0.1:${port}", timeout: 500ms }\n`,
    'short.yaml': `providers:\n  prometheus: { url: "http://127.0.0.1:${port}", retention: 2h }\n`,
  })
  const asked = ['--sli=sli.yaml', '--provider=prometheus', '-o', 'json']
  const { code, stdout } = await evaluate(...asked, '--connections=connections.yaml')
  assert.equal(code, 3)
  const { indicatorResults, result } = JSON.parse(stdout) as {
    result: string
    indicatorResults: { value: { metric: string; message: string; success: boolean } }[]
  }
  assert.deepEqual([result, indicatorResults.length], ['fail', names.length])
  for (const { value } of indicatorResults) {
    assert.equal(value.success, false, value.metric)
    assert.match(value.message, ANSWERS[value.metric]?.[1] ?? /^$/, value.metric)
    assert.ok(!value.message.includes('\n'), value.message)
  }
  const old = ['--start=2026-01-02T03:00:00', '--end=2026-01-02T04:00:00']
  const gone = await evaluate(...asked, '--connections=short.yaml', ...old)
  assert.equal(gone.code, 3)
  assert.match(
    gone.stdout,
    /the window begins at 2026-01-02T03:00:00\.000Z, and prometheus keeps 2h/,
  )
  assert.ok(existsSync(join(cli.home, 'report.html')), 'no verdict is a report too')
})
