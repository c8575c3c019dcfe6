import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { type FakeAnswer, startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const PLACE = ['--project', 'shop', '--stage', 'staging', '--service', 'carts']
const TRY = '/api/tiphys/v1/providers/try'
const TRIED = {
  indicator: 'latency',
  provider: 'prometheus',
  window: { start: '2026-01-02T15:00:00.000Z', end: '2026-01-02T15:05:00.000Z' },
  success: true,
  value: 312.5,
  unit: 'ms',
  query: 'quantile(0.95, latency{service="carts"})',
  link: 'https://prometheus.example.com/graph',
  remarks: ['the answer is partial'],
  series: { points: 20, of: 'avg' },
  durationMs: 12,
}

async function asked(t: Parameters<typeof createCli>[0], routes: Record<string, FakeAnswer>) {
  const server = await startFakeServer(t, routes)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  return { server, cli }
}

test('what is connected, and for whom', async (t) => {
  const providers = [
    { name: 'prometheus', kind: 'prometheus', host: 'prometheus:9090' },
    { name: 'metrics', kind: 'http-json', projects: ['shop', 'bank'] },
  ]
  const { cli } = await asked(t, { 'GET /api/tiphys/v1/providers': { body: { providers } } })
  const { stdout, code } = await cli.run(['get', 'providers'])
  assert.equal(code, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.match(lines[1] ?? '', /^prometheus +prometheus +prometheus:9090 +all$/)
  assert.match(lines[2] ?? '', /^metrics +http-json +shop, bank$/)
  const json = await cli.run(['get', 'providers', '-o', 'json'])
  assert.deepEqual(JSON.parse(json.stdout), { providers })
  const none = await asked(t, { 'GET /api/tiphys/v1/providers': { body: { providers: [] } } })
  assert.match((await none.cli.run(['get', 'providers'])).stdout, /^Nothing is connected; /)
})

test('an indicator is tried, and the value is shown with what was asked', async (t) => {
  const { server, cli } = await asked(t, { [`POST ${TRY}`]: { body: TRIED } })
  const { stdout, code } = await cli.run(['try-sli', 'latency', ...PLACE, '--timeframe', '5m'])
  assert.equal(code, 0)
  assert.equal(
    stdout,
    `latency  312.5 ms
  asked   prometheus, 2026-01-02T15:00:00.000Z to 2026-01-02T15:05:00.000Z, in 12 ms
  query   quantile(0.95, latency{service="carts"})
  made of 20 points, avg
  note    the answer is partial
  look    https://prometheus.example.com/graph
`,
  )
  const place = { project: 'shop', stage: 'staging', service: 'carts' }
  assert.deepEqual(server.of('POST', TRY)[0]?.body, {
    ...place,
    indicator: 'latency',
    timeframe: '5m',
  })
  await cli.run([
    'try-sli',
    ...PLACE,
    '--provider',
    'metrics',
    '--query',
    'q',
    '--with',
    'a=b',
    '-l',
    'x=y',
  ])
  assert.deepEqual(server.of('POST', TRY)[1]?.body, {
    ...place,
    provider: 'metrics',
    query: 'q',
    with: { a: 'b' },
    labels: { x: 'y' },
  })
})

test('no value is exit code 3 with the reason, and nothing to ask is wrong use', async (t) => {
  const { value: _v, unit: _u, link: _l, series: _s, ...rest } = TRIED
  const none = {
    ...rest,
    success: false,
    value: null,
    message: 'query did not return any values',
    problem: 'no-data',
    remarks: [],
  }
  const { server, cli } = await asked(t, { [`POST ${TRY}`]: { body: none } })
  const { stdout, code } = await cli.run(['try-sli', 'latency', ...PLACE])
  assert.equal(code, 3)
  assert.match(stdout, /^latency {2}no value: query did not return any values \(no-data\)$/m)
  const nothing = await cli.run(['try-sli', ...PLACE])
  assert.equal(nothing.code, 2)
  assert.match(nothing.stderr, /say an indicator of an sli\.yaml, or --provider and --query/)
  assert.equal(server.seen.length, 1)
})
