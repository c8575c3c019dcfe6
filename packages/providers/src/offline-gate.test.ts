import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type TestContext, test } from 'node:test'
import { Evaluation } from '@tiphys/contract/evaluation.ts'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { recomputeDifference } from './evaluation/stored-report.ts'
import { type GateAnswer, type OfflineGateOptions, runOfflineGate } from './offline-gate.ts'

const SLO = `objectives:
  - sli: rt_p95
    pass:
      - criteria: ["<=+20%", "<600"]
    warning:
      - criteria: ["<=+50%"]
  - sli: error_rate
    pass:
      - criteria: ["<=1"]
`

function values(rt: number | null, errors: number | null): string {
  const entry = (metric: string, value: number | null) =>
    value === null
      ? { metric, value: 0, success: false, message: 'could not get data' }
      : { metric, value, success: true, message: '' }
  return JSON.stringify({ indicatorValues: [entry('rt_p95', rt), entry('error_rate', errors)] })
}

const FILES: Record<string, string> = {
  'slo.yaml': SLO,
  'good.json': values(250, 0),
  'slower.json': values(312, 0),
  'bad.json': values(500, 3),
  'half.json': values(null, 0),
  'none.json': values(null, null),
  'previous.json': JSON.stringify([
    {
      timeStart: '',
      timeEnd: '',
      result: 'pass',
      score: 100,
      sloFileContent: '',
      indicatorResults: [
        { score: 1, value: { metric: 'rt_p95', value: 250, success: true }, status: 'pass' },
      ],
    },
  ]),
}

async function evaluate(
  options: Partial<OfflineGateOptions>,
  files: Record<string, string> = FILES,
): Promise<GateAnswer> {
  const answer = await runOfflineGate({
    slo: 'slo.yaml',
    nowMs: Date.UTC(2026, 10, 22, 12),
    readText: (file) => {
      const found = files[file]
      if (found !== undefined) return Promise.resolve(found)
      return Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
    },
    ...options,
  })
  const { evaluation, explanation } = answer
  if (evaluation !== null) assert.equal(recomputeDifference({ evaluation, explanation }), undefined)
  return answer
}

test('the exit code is the verdict', async () => {
  const code = async (options: Partial<OfflineGateOptions>) => (await evaluate(options)).exitCode
  assert.equal(await code({ values: 'good.json' }), 0)
  const slower = { values: 'slower.json', previous: 'previous.json' }
  assert.equal(await code(slower), 0)
  assert.equal(await code({ ...slower, failOn: 'warning' }), 1)
  assert.equal(await code({ values: 'bad.json', previous: 'previous.json' }), 1)
  assert.equal(await code({ values: 'half.json' }), 1)
  assert.equal(await code({ values: 'none.json' }), 3)
  assert.equal(await code({ values: 'missing.json' }), 2)
})

test('json is the evaluation object of Keptn with our explanation', async () => {
  const answer = await evaluate({
    values: 'slower.json',
    previous: 'previous.json',
    output: 'json',
    start: '2026-11-22T11:00:00Z',
    end: '2026-11-22T11:05:00Z',
  })
  const printed: unknown = JSON.parse(answer.report)
  const evaluation = Evaluation.parse(printed)
  assert.equal(evaluation.result, 'warning')
  assert.equal(evaluation.score, 75)
  assert.equal(evaluation.timeStart, '2026-11-22T11:00:00.000Z')
  assert.equal(Buffer.from(evaluation.sloFileContent, 'base64').toString(), SLO)
  assert.deepEqual(evaluation.comparedEvents, ['previous[0]'])
  assert.deepEqual(evaluation.indicatorResults?.[0], {
    score: 0.5,
    value: { metric: 'rt_p95', value: 312, comparedValue: 250, success: true, message: '' },
    displayName: '',
    passTargets: [
      { criteria: '<=+20%', targetValue: 300, violated: true },
      { criteria: '<600', targetValue: 600, violated: false },
    ],
    warningTargets: [{ criteria: '<=+50%', targetValue: 375, violated: false }],
    keySli: false,
    status: 'warning',
  })
  const { explanation } = printed as { explanation: unknown }
  assert.deepEqual(explanation, answer.explanation)
})

test('labels choose among earlier evaluations, where the files tell them', async () => {
  const [earlier] = JSON.parse(FILES['previous.json'] ?? '')
  const event = (id: string, labels: unknown) => ({
    id,
    data: { result: 'pass', labels, evaluation: earlier },
  })
  const previous = [
    event('e3', { region: 'us' }),
    event('e2', null),
    { labels: { region: 'eu' }, evaluation: earlier, id: 'e1' },
  ]
  const files = {
    ...FILES,
    'slo.yaml': `comparison: { same_labels: [region] }\n${SLO}`,
    'events.json': JSON.stringify(previous),
  }
  const options = { values: 'good.json', previous: 'events.json' }
  const compared = async (labels: Record<string, string>) =>
    (await evaluate({ ...options, labels }, files)).evaluation?.comparedEvents
  assert.deepEqual(await compared({ region: 'eu' }), ['e1'])
  assert.deepEqual(await compared({ region: 'us' }), ['e3'])
  assert.deepEqual(await compared({}), ['e2'])
})

test("its own json can be the next one's previous.json", async () => {
  const first = await evaluate({ values: 'good.json', output: 'json' })
  const files = { ...FILES, 'before.json': `[${first.report}]` }
  const second = await evaluate({ values: 'slower.json', previous: 'before.json' }, files)
  assert.match(second.report, /312 > 300 = 250 × 1\.2, the previous run/)
})

test('text, markdown and html tell the same verdict', async () => {
  const options = { values: 'bad.json', previous: 'previous.json', service: 'carts' }
  const sentence =
    'carts failed because rt_p95 was 500, above its limit of 300 (250 × 1.2, the previous run), and 1 more.'
  const text = await evaluate(options)
  const unwrapped = text.report.replaceAll('\n', ' ')
  assert.ok(unwrapped.startsWith(`${sentence} fail · 0 of 90 needed, warning from 75 `))
  assert.match(
    unwrapped,
    / With rt_p95 at most 300 instead of 500 and error_rate at most 1 instead of 3 the verdict would be pass, 100\. /,
  )
  const markdown = await evaluate({ ...options, output: 'markdown' })
  assert.match(markdown.report, /^\*\*fail · 0 of 90 needed/)
  const html = await evaluate({ ...options, output: 'html' })
  assert.match(html.report, /^<!doctype html>/)
  assert.match(html.report, /<h1>carts failed because rt_p95 was 500/)
})

test('wrong use is one sentence, and nothing is evaluated', async () => {
  const complaint = async (options: Partial<OfflineGateOptions>) => {
    const answer = await evaluate(options)
    assert.equal(answer.exitCode, 2)
    assert.equal(answer.report, '')
    assert.equal(answer.evaluation, null)
    return answer.complaint
  }
  const prometheus = { provider: 'prometheus', url: 'http://127.0.0.1:9' }
  assert.equal(
    await complaint({}),
    'values are needed: --values values.json, or --sli sli.yaml --provider prometheus --url URL, or --test-results junit:report.xml',
  )
  assert.equal(
    await complaint({ values: 'good.json', ...prometheus }),
    '--values excludes --sli, --provider, --url, --connections and --test-results',
  )
  assert.equal(
    await complaint({ sli: ['sli.yaml'] }),
    'nobody is there to answer sli.yaml: --provider prometheus --url URL, or --connections',
  )
  assert.match(
    String(await complaint({ provider: 'zabbix', url: 'http://x' })),
    /^--provider zabbix is not known here; it is one of prometheus, .*, or the name of a connection/,
  )
  assert.match(String(await complaint({ url: 'http://x' })), /^--provider is missing; it is one of/)
  assert.equal(
    await complaint({ provider: 'prometheus' }),
    '--url is missing, or --connections with a file that has prometheus',
  )
  assert.equal(
    await complaint({ values: 'good.json', previous: 'previous.json', history: 'h/' }),
    '--previous excludes --history',
  )
  assert.equal(
    await complaint({ values: 'good.json', reports: ['report.pdf'] }),
    '--report report.pdf: it ends with .txt, .json, .md, .html or .xml (JUnit)',
  )
  assert.match(
    String(await complaint({ testResults: ['report.xml'] })),
    /^--test-results report\.xml: it is <format>:<file>, with one of junit, k6/,
  )
  assert.equal(
    await complaint({ provider: 'prometheus', url: 'ftp://anna:sec@ret@x' }),
    '--url "ftp://x" is not an http or https address',
  )
  assert.equal(
    await complaint({ ...prometheus, timeframe: '10s' }),
    'end date must be at least 1 minute after start date',
  )
  assert.equal(
    await complaint({ ...prometheus, start: '2026-11-22T11:00:00Z' }),
    'no timeframe or end date provided',
  )
  assert.equal(
    await complaint({ values: 'gone.json' }),
    'gone.json cannot be read: there is no such file',
  )
})

test('an invalid file is named with line and column', async () => {
  const problems = async (
    files: Record<string, string>,
    options: Partial<OfflineGateOptions> = {},
  ) => {
    const answer = await evaluate({ values: 'good.json', ...options }, { ...FILES, ...files })
    assert.equal(answer.exitCode, 2)
    assert.equal(answer.report, '')
    return answer.problems.map(formatProblem)
  }
  const broken = SLO.replace('"<600"', '"600"')
  assert.deepEqual(await problems({ 'slo.yaml': broken }), [
    'slo.yaml:4:30: criterion "600": invalid criteria string; write an operator and a number: <=500, or <=+10% to compare with earlier results',
  ])
  assert.match(
    (await problems({ 'good.json': '{"indicatorValues":[' }))[0] ?? '',
    /^good\.json:1:\d+: this is not valid YAML/,
  )
  assert.deepEqual(
    await problems({ 'good.json': '{"indicatorValues":[{"metric":"a","value":"1"}]}' }),
    ['good.json:1:35: indicatorValues.0.value: expected number, received string'],
  )
  const previous = { previous: 'previous.json' }
  assert.deepEqual(await problems({ 'previous.json': '[{"score":1}]' }, previous), [
    'previous.json:1:2: 0: expected an evaluation object with indicatorResults',
  ])
  const nested = '[{"data":{"evaluation":{"indicatorResults":[{"value":{"metric":3}}]}}}]'
  assert.match(
    (await problems({ 'previous.json': nested }, previous))[0] ?? '',
    /^previous\.json:1:55: 0\.data\.evaluation\.indicatorResults\.0\.value\.metric: expected string/,
  )
  assert.match(
    (await problems({ 'previous.json': '{}' }, previous))[0] ?? '',
    /^previous\.json:1:1: expected list/,
  )
})

test('what Keptn took is a warning beside the verdict', async () => {
  const files = { ...FILES, 'slo.yaml': `${SLO}totalscore: {}\n` }
  const answer = await evaluate({ values: 'good.json' }, files)
  assert.equal(answer.exitCode, 0)
  assert.deepEqual(answer.problems.map(formatProblem), [
    'slo.yaml:10:1: warning: unknown key totalscore; did you mean total_score?',
  ])
})

async function metrics(context: TestContext, status: number, value: string): Promise<string> {
  const server = createServer((_request, response) => {
    const result = [{ metric: {}, value: [0, value] }]
    response.writeHead(status)
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `http://127.0.0.1:${address.port}`
}

test('values from a metrics server; refused credentials are no verdict and still a report', async (context) => {
  const files = { ...FILES, 'sli.yaml': 'indicators: { rt_p95: "a", error_rate: "b" }\n' }
  const options = { sli: ['sli.yaml'], provider: 'prometheus' } as const
  const good = await evaluate({ ...options, url: await metrics(context, 200, '0.5') }, files)
  assert.equal(good.exitCode, 0)
  assert.equal(good.evaluation?.timeStart, '2026-11-22T11:55:00.000Z')
  assert.equal(good.explanation?.objectives[0]?.query, 'a')

  const refused = await evaluate(
    { ...options, url: await metrics(context, 401, '0'), output: 'json' },
    files,
  )
  assert.equal(refused.exitCode, 3)
  assert.equal(refused.explanation?.verdict, 'none')
  assert.equal(Evaluation.parse(JSON.parse(refused.report)).result, 'fail')
  assert.match(
    refused.explanation?.sentence ?? '',
    /^No verdict: none of 2 indicators has a value \(Prometheus at .* refused our credentials \(401\)\)\.$/,
  )
})
