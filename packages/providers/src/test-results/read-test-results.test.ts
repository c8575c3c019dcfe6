import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { RESULT_FORMATS, type ResultFormat } from '@tiphys/contract/test-result-format.ts'
import { TestResults } from '@tiphys/contract/test-results.ts'
import { testResultsValue } from '@tiphys/core/evaluation/test-results-value.ts'
import fc from 'fast-check'
import { createResultsReader, readTestResults } from './read-test-results.ts'

/**
 * What is in test/result-files was written by the tools themselves: k6 0.57 (handleSummary, --summary-export, --out json), the result
 * collector of JMeter 2.13, Playwright 1.5x and newman 6, against a small server on the same machine.
 */
const FILES = join(import.meta.dirname, '../../test/result-files')

async function fileText(name: string): Promise<string> {
  return await readFile(join(FILES, name), 'utf8')
}

function read(format: ResultFormat, text: string) {
  const answer = readTestResults(format, text, 'report')
  assert.ok(answer.ok, answer.ok ? '' : answer.problem.message)
  return { ...answer, results: TestResults.parse(answer.results) }
}

function problemOf(format: ResultFormat, text: string): string {
  const answer = readTestResults(format, text, 'report')
  assert.ok(!answer.ok, 'expected a problem')
  const { file, line, column, message } = answer.problem
  return `${file}:${line}:${column}: ${message}`
}

/** The indicator as an objective or an sli.yaml would name it. */
function indicator(results: TestResults, path: string): number | string {
  const value = testResultsValue(path, undefined, results)
  return value.success ? value.value : value.message
}

test('k6: both shapes of the summary give the same indicators', async () => {
  const handled = read('k6', await fileText('k6-handle-summary.json'))
  const exported = read('k6', await fileText('k6-summary-export.json'))
  for (const { results } of [handled, exported]) {
    assert.equal(indicator(results, 'requests'), 40)
    assert.equal(indicator(results, 'checks_passed'), Number(results.checks_passed))
    assert.equal(indicator(results, 'k6.checks.fails'), results.checks_failed)
    assert.equal(indicator(results, 'k6.iterations.count'), 20)
    assert.equal(indicator(results, 'k6.thresholds.total'), 4)
    assert.equal(indicator(results, 'k6["http_reqs{name:pay}"].count'), 20)
    assert.equal(typeof indicator(results, 'k6.http_req_waiting.p99_9'), 'number')
    assert.equal(
      indicator(results, 'error_rate'),
      Number(indicator(results, 'k6.http_req_failed.rate')) * 100,
    )
  }
  assert.deepEqual(handled.failed, ['http_req_duration p(95)<10', 'http_req_failed rate<0.5'])
  assert.equal(indicator(handled.results, 'k6.thresholds.failed'), 2)
  // --summary-export writes `true` for a threshold that was crossed.
  assert.deepEqual(exported.failed, ['http_req_duration p(95)<10'])
  assert.equal(indicator(handled.results, 'response_time_p95'), 25.194)
  assert.equal(indicator(handled.results, 'k6.http_req_duration.p95'), 25.193877)
  assert.equal(indicator(handled.results, 'duration_ms'), 328.383)
})

test('JMeter: CSV with and without header, other delimiters, and XML', async () => {
  const expected = { requests: 36, failures: 12, connection_errors: 12 }
  const names = ['jmeter.csv', 'jmeter-no-header.csv', 'jmeter-semicolons.csv'] as const
  for (const name of names) {
    const { results, failed } = read('jmeter', await fileText(name))
    for (const [figure, value] of Object.entries(expected)) {
      assert.equal(indicator(results, figure), value, `${name} ${figure}`)
    }
    assert.deepEqual(Object.keys(results.targets ?? {}).toSorted(), [
      'front, page',
      'nobody',
      "pay 'now'",
    ])
    assert.equal(indicator(results, `targets["pay 'now'"].requests`), 12)
    assert.equal(indicator(results, 'targets.nobody.error_rate'), 100)
    assert.deepEqual(failed, ['nobody (12)'])
  }
  const { results, failed } = read('jmeter', await fileText('jmeter.xml'))
  assert.equal(indicator(results, 'jmeter.samples'), 36)
  assert.equal(indicator(results, 'jmeter.errors'), 14)
  assert.equal(indicator(results, 'jmeter.error_rate'), 38.889)
  assert.deepEqual(failed, ['nobody (12)', "pay 'now' (2)"])
  const total = read('jmeter', await fileText('jmeter.csv')).results
  assert.equal(total.duration_ms, 281)
  assert.equal(indicator(total, 'response_time_max'), 81)
})

test('JMeter: samples of a transaction count once, and times in another form cost only the rate', () => {
  const nested = read(
    'jmeter',
    `<testResults version="1.2">
     <sample t="30" ts="1000" s="true" lb="buy" rc="">
       <httpSample t="10" ts="1000" s="true" lb="a" rc="200"/><httpSample t="20" ts="1010" s="true" lb="b" rc="200"/>
     </sample></testResults>`,
  )
  assert.equal(nested.results.requests, 1)
  assert.equal(nested.results.response_time_avg, 30)
  const dated = read(
    'jmeter',
    'timeStamp,elapsed,label,success\n2026/11/23 03:49:07,12,"a\nb",true\n2026/11/23 03:49:08,14,c,FALSE\n',
  ).results
  assert.equal(dated.requests, 2)
  assert.equal(dated.rps, undefined)
  assert.deepEqual(Object.keys(dated.targets ?? {}), ['a b', 'c'])
})

test('Playwright: its JSON, and its JUnit report of the same tests', async () => {
  const own = read('playwright', await fileText('playwright.json'))
  assert.equal(indicator(own.results, 'playwright.passed'), 3)
  assert.equal(indicator(own.results, 'playwright.failed'), 1)
  assert.equal(indicator(own.results, 'playwright.flaky'), 1)
  assert.equal(indicator(own.results, 'playwright.pass_rate'), 75)
  assert.deepEqual(own.failed, ['shop.spec.js › cart › pays'])
  const junit = read('junit', await fileText('playwright-junit.xml'))
  assert.equal(junit.results.checks_passed, own.results.checks_passed)
  assert.equal(junit.results.checks_failed, own.results.checks_failed)
  assert.equal(indicator(junit.results, 'junit.skipped'), 1)
  assert.deepEqual(junit.failed, ['shop.spec.js › cart › pays'])
})

test('JUnit: newman, and Surefire with its reruns and thousands', async () => {
  const newman = read('junit', await fileText('newman-junit.xml'))
  assert.equal(indicator(newman.results, 'junit.tests'), 2)
  assert.deepEqual(newman.failed, ['Front › is red'])
  const surefire = read(
    'junit',
    `<?xml version="1.0"?><testsuites>
      <testsuite name="CartTest" tests="9" failures="0">
        <testcase classname="CartTest" name="adds" time="1,002.5"/>
        <testcase classname="CartTest" name="pays" time="0.5"><flakyFailure message="once"/></testcase>
        <testcase classname="CartTest" name="sends"><error type="java.io.IOException"/></testcase>
      </testsuite>
      <testsuite name="PriceTest"><testcase name="taxes"><skipped/></testcase></testsuite>
    </testsuites>`,
  ).results
  const { junit } = surefire
  assert.deepEqual(junit, {
    tests: 4,
    passed: 2,
    failed: 0,
    errors: 1,
    skipped: 1,
    flaky: 1,
    suites: 2,
    duration_ms: 1_003_000,
    pass_rate: 66.667,
  })
  assert.deepEqual(surefire.targets, {
    CartTest: { checks_passed: 2, checks_failed: 1 },
    PriceTest: { checks_passed: 0, checks_failed: 0 },
  })
})

test('JUnit: what the test runner of this Node writes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'junit-'))
  try {
    const file = join(folder, 'shop.mjs')
    await writeFile(
      file,
      `import { test, describe, it } from 'node:test'
       test('passes', () => {})
       test('<fails> & says so', () => { throw new Error(']]> \\u001b[31m <x>') })
       test('later', { skip: true }, () => {})
       describe('cart', () => { it('adds', () => {}) })`,
    )
    const text = await new Promise<string>((resolve) => {
      // Inside of a test run the runner would talk to its parent.
      const env = { PATH: process.env['PATH'] }
      const flags = ['--test', '--test-reporter=junit', file]
      execFile(process.execPath, flags, { env }, (_error, stdout) => resolve(stdout))
    })
    const { results, failed } = read('junit', text)
    assert.equal(results.checks_passed, 2)
    assert.equal(results.checks_failed, 1)
    assert.equal(indicator(results, 'junit.skipped'), 1)
    assert.deepEqual(failed, ['test › <fails> & says so'])
    assert.deepEqual(results.targets, undefined)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('our own shape, plain or out of an event; what only a run may say is left out', () => {
  const plain = { requests: 3, error_rate: 0, run: 'forged', queue: { depth: 4 } }
  const expected = { requests: 3, error_rate: 0, queue: { depth: 4 } }
  assert.deepEqual(read('tiphys', JSON.stringify(plain)).results, expected)
  const event = { data: { test: { results: { ...plain, targets: { a: { rps: 1, run: 'x' } } } } } }
  assert.deepEqual(read('tiphys', JSON.stringify(event)).results, {
    ...expected,
    targets: { a: { rps: 1 } },
  })
})

const BOMB = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><testsuite name="&b;"/>`
const WRONG: readonly (readonly [ResultFormat, string, RegExp])[] = [
  ['junit', '', /^report:1:1: the file is empty$/],
  ['junit', BOMB, /^report:1:\d+: has a DOCTYPE, which no test report needs and is not read$/],
  ['junit', '<testsuite>\n  <testcase>\n</testsuite>', /^report:3:\d+: this is not valid XML: /],
  ['junit', '<testsuite>', /^report:1:\d+: this is not valid XML: unclosed tag: testsuite$/],
  ['junit', '<html/>', /: is no JUnit report: expected testsuites or testsuite, found html$/],
  [
    'junit',
    '<testsuite><testcase time="soon"/></testsuite>',
    /^report:1:\d+: the time of a testcase is "soon": expected seconds$/,
  ],
  ['junit', '<a>'.repeat(200), /is no JUnit report/],
  ['junit', '<testsuite>'.repeat(200), /is nested deeper than 100 elements$/],
  ['junit', '<testsuite name="&nope;"/>', /this is not valid XML: undefined entity/],
  ['k6', '<html>', /^report:1:1: this is not valid JSON: unexpected token '<'$/],
  [
    'k6',
    `{\n  "root_group":\u0000 {\n    "name": "", "path": "", "id": "d41d8cd98f00b204e980"\n  }\n}`,
    /^report:2:\d+: this is not valid JSON: unexpected token '\\u0000'$/,
  ],
  ['k6', '{"metrics": {', /^report:1:14: this is not valid JSON: /],
  ['k6', '{\n  "metrics": {"a": 3}}', /^report:2:\d+: is no k6 summary at metrics\.a: /],
  ['k6', '{"metrics": {}}', /is no k6 summary at metrics: it has no metrics$/],
  ['k6', '[]', /^report:1:1: is no k6 summary: /],
  ['jmeter', '\n \n', /^report:1:1: the file is empty$/],
  [
    'jmeter',
    'a,b,c\n1,2,3\n',
    /^report:1:1: is no JTL of JMeter: expected a column elapsed in the first line, found a, b, c$/,
  ],
  [
    'jmeter',
    'elapsed,label,success\n',
    /^report:1:1: has no samples in it: the test sent nothing$/,
  ],
  [
    'jmeter',
    'elapsed,label,success\n1,a,true\n1.5,a,true\n',
    /^report:3:1: elapsed is "1.5": expected milliseconds$/,
  ],
  [
    'jmeter',
    'elapsed,label,success\n1,"a\nb",true\n2,a,yes\n',
    /^report:4:1: success is "yes": expected true or false$/,
  ],
  [
    'jmeter',
    'elapsed,label,success\n1,a,true\n1,"a,true\n',
    /^report:3:1: a quote is opened here and never closed$/,
  ],
  [
    'jmeter',
    'elapsed,label,success\n1,a"b,true\n2,c"d,true\n',
    /^report:2:1: this is not valid CSV: /,
  ],
  [
    'jmeter',
    '<testResults><httpSample t="x"/></testResults>',
    /the attribute t is "x": expected milliseconds$/,
  ],
  ['jmeter', '<testsuite/>', /is no JTL of JMeter: expected testResults, found testsuite$/],
  ['playwright', '{"suites": []}', /is no Playwright report at stats: /],
  [
    'tiphys',
    '{\n "rps": "3/s"}',
    /^report:2:2: is no test results at rps: expected number, received string$/,
  ],
  ['tiphys', '{}', /has no results in it$/],
  ['tiphys', '{"a": 1e999}', /has a number in it that JSON does not know$/],
  ['tiphys', `{"a": ${'{"b":'.repeat(30)}1${'}'.repeat(31)}`, /is nested deeper than 20 levels$/],
  ['tiphys', `{"a": [${'1,'.repeat(1_500)}1]}`, /has more than 1000 values$/],
  ['tiphys', '{"a": {"__proto__": {"rps": 1}}}', /has the forbidden key __proto__$/],
  ['tiphys', '{"\\ud800": 1}', /has text that is not valid Unicode$/],
]

for (const [format, text, expected] of WRONG) {
  test(`${format}: ${JSON.stringify(text.slice(0, 50))} is refused with its place`, () => {
    assert.match(problemOf(format, text), expected)
  })
}

test('k6: points of --out json are told apart from a summary', async () => {
  assert.match(problemOf('k6', await fileText('k6-points.ndjson')), /lists points; the summary is/)
})

const NAMES = {
  junit: ['playwright-junit.xml', 'newman-junit.xml'],
  k6: ['k6-handle-summary.json', 'k6-summary-export.json'],
  jmeter: ['jmeter.csv', 'jmeter.xml'],
  playwright: ['playwright.json'],
  tiphys: ['k6-handle-summary.json'],
} as const satisfies Record<ResultFormat, readonly string[]>

test('any text has results or a problem with a place, and pieces are read like the whole', async () => {
  const samples: string[] = []
  for (const names of Object.values(NAMES)) {
    for (const name of names) samples.push(await fileText(name))
  }
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .record({
        sample: fc.constantFrom(...samples),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.nat(40),
        put: fc.constantFrom('', '"', '<', '>', '\n', ',', '{', '&amp;', '-1', '\u0000'),
      })
      .map(({ sample, at, length, put }) => {
        const start = Math.floor(at * sample.length)
        return sample.slice(0, start) + put + sample.slice(start + length)
      }),
  )
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 })
  fc.assert(
    fc.property(fc.constantFrom(...RESULT_FORMATS), text, cuts, (format, whole, places) => {
      const answer = readTestResults(format, whole, 'report')
      const reader = createResultsReader(format, 'report')
      const offsets = [0, ...places.map((at) => Math.floor(at * whole.length)), whole.length]
      offsets.sort((left, right) => left - right)
      for (const [index, from] of offsets.slice(0, -1).entries()) {
        reader.write(whole.slice(from, offsets[index + 1]))
      }
      const pieced = reader.end()
      assert.equal(pieced.ok, answer.ok)
      if (answer.ok) {
        assert.deepEqual(pieced, answer)
        assert.equal(TestResults.safeParse(answer.results).success, true)
        JSON.stringify(answer.results)
      } else {
        assert.ok(answer.problem.line >= 1 && answer.problem.column >= 1)
        assert.match(answer.problem.message, /^[^\n]{5,400}$/)
      }
    }),
    { numRuns: 150 },
  )
})

const sample = fc.record({
  label: fc.constantFrom('a', 'b, "c"', 'd\ne', 'ü'),
  elapsed: fc.nat(100_000),
  start: fc.integer({ min: 1_000, max: 2_000_000 }),
  code: fc.constantFrom(
    '200',
    '503',
    '',
    'Non HTTP response code: java.net.SocketTimeoutException',
  ),
  success: fc.boolean(),
})

test('JMeter: the same samples mean the same as CSV and as XML', () => {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const escaped = (text: string) => text.replaceAll('"', '&quot;').replaceAll('\n', '&#10;')
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 30 }), (samples) => {
      const lines = samples.map(
        (one) => `${one.start},${one.elapsed},${quoted(one.label)},${one.code},${one.success}`,
      )
      const csv = `timeStamp,elapsed,label,responseCode,success\n${lines.join('\n')}`
      const elements = samples.map(
        (one) =>
          `<sample t="${one.elapsed}" ts="${one.start}" s="${one.success}" lb="${escaped(one.label)}" rc="${one.code}"/>`,
      )
      const xml = `<testResults>${elements.join('\n')}</testResults>`
      const fromCsv = read('jmeter', csv)
      assert.deepEqual(fromCsv, read('jmeter', xml))
      assert.equal(fromCsv.results.requests, samples.length)
      assert.equal(fromCsv.results.failures, samples.filter((one) => !one.success).length)
    }),
    { numRuns: 50 },
  )
})
