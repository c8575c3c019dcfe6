import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SloFile } from '@tiphys/contract/slo.ts'
import type { PreviousEvaluation } from '../evaluation/baseline.ts'
import { evaluate } from '../evaluation/evaluation.ts'
import { measured, type SliValue, unmeasured } from '../evaluation/sli-value.ts'
import { normaliseSlo } from '../slo/slo.ts'
import { explain, explainEnd } from './explain.ts'
import type { Explanation } from './explanation.ts'
import { renderText } from './render-text.ts'

const SUBJECT = { project: 'shop', stage: 'staging', service: 'checkout', version: '1.8.2' }
const WINDOW = {
  startMs: 0,
  endMs: 300_000,
  start: '2026-11-22T11:12:00.000Z',
  end: '2026-11-22T11:17:00.000Z',
  from: 'test',
} as const
const PROVIDER = { provider: 'prometheus' }

type Objective = NonNullable<NonNullable<SloFile['objectives']>[number]>

function objective(sli: string, pass: string[], more: Partial<Objective> = {}): Objective {
  return { sli, pass: [{ criteria: pass }], ...more }
}

function report(
  file: SloFile,
  values: readonly SliValue[],
  previous: readonly PreviousEvaluation[] = [],
): Explanation {
  const slo = normaliseSlo(file)
  return explain({
    slo,
    outcome: evaluate({ slo, values, previous }),
    subject: SUBJECT,
    window: WINDOW,
    details: Object.fromEntries(values.map((value) => [value.metric, value.detail])),
    notes: [],
  })
}

function runs(metric: string, ...values: number[]): PreviousEvaluation[] {
  return values.map((value, index) => ({
    id: `run-${values.length - index}`,
    result: 'pass',
    values: [{ metric, value, success: true }],
  }))
}

const SLOW: SloFile = {
  comparison: { compare_with: 'several_results', include_result_with_score: 'pass' },
  objectives: [
    objective('response_time_p95', ['<=+20%', '<600'], {
      warning: [{ criteria: ['<=+22%'] }],
      weight: 2,
    }),
    objective('error_rate', ['<=1'], { key_sli: true, displayName: 'Errors' }),
    { sli: 'throughput' },
  ],
}
const SLOW_VALUES = [
  measured('response_time_p95', 312, { ...PROVIDER, unit: 'ms', query: 'q' }),
  measured('error_rate', 0, { ...PROVIDER, unit: '%' }),
  measured('throughput', 161.23, { ...PROVIDER, unit: '/s' }),
]

test('a failed verdict: the sentence, the arithmetic, and what would have passed', () => {
  const explanation = report(SLOW, SLOW_VALUES, runs('response_time_p95', 240, 250, 260))
  assert.equal(
    renderText(explanation),
    `checkout 1.8.2 failed in staging because response_time_p95 was 312 ms, above its limit of 300 ms
(250 ms × 1.2, average of 3 runs).
fail · 33.33 of 90 needed, warning from 75

 1. response_time_p95: fail, cost 66.67 of 100
    312 ms > 300 ms = 250 ms × 1.2, average of 3 runs and 312 ms < 600 ms; warning: 312 ms > 305 ms
    = 250 ms × 1.22, average of 3 runs
    passes at ≤ 300 ms; 12 ms over
    compared with 250 ms, average of 3 runs (240, 250, 260); now +24.8 %
    asked of prometheus: q

      indicator     measured  points  why
pass  Errors (key)  0 %       1 of 1  0 % ≤ 1 %
info  throughput    161.2 /s  –       reported only: it has no pass criteria

With response_time_p95 at most 300 ms instead of 312 ms the verdict would be pass, 100.
Window: 2026-11-22 11:12:00 to 11:17:00 UTC (5 min).
Compared with: run-3, run-2, run-1.
`,
  )
  const [slow] = explanation.objectives
  assert.equal(slow?.baseline?.of, 'average of 3 runs')
  assert.ok(Math.abs((slow?.baseline?.changePercent ?? 0) - 24.8) < 1e-9)
  assert.ok(Math.abs((slow?.lostScore ?? 0) - 66.6667) < 1e-3)
  assert.deepEqual(JSON.parse(JSON.stringify(explanation)), explanation)
})

test('a key indicator decides alone, and the sentence says so', () => {
  const file: SloFile = {
    objectives: [
      objective('error_rate', ['<=1'], { key_sli: true }),
      objective('rt', ['<=500'], { weight: 9 }),
    ],
  }
  const values = [
    measured('error_rate', 1.84, { ...PROVIDER, unit: '%' }),
    measured('rt', 1, PROVIDER),
  ]
  const explanation = report(file, values)
  assert.equal(
    explanation.sentence,
    'checkout 1.8.2 failed in staging because error_rate was 1.84 %, above its limit of 1 %. It is a key indicator, so the score cannot save it.',
  )
  assert.equal(
    explanation.counterfactual?.sentence,
    'With error_rate at most 1 % instead of 1.84 % the verdict would be pass, 100.',
  )
})

test('a warning and a pass', () => {
  const file: SloFile = {
    objectives: [
      objective('cpu', ['<20'], { warning: [{ criteria: ['<=25'] }] }),
      objective('rt', ['<=500']),
    ],
  }
  const values = (cpu: number) => [measured('cpu', cpu, PROVIDER), measured('rt', 5, PROVIDER)]
  assert.equal(
    report(file, values(20)).sentence,
    'checkout 1.8.2 passed with a warning in staging because cpu was 20, not below its limit of 20.',
  )
  assert.equal(
    report(file, values(20)).counterfactual?.sentence,
    'With cpu below 20 instead of 20 the verdict would be pass, 100.',
  )
  const passed = report(file, values(10))
  assert.equal(passed.sentence, 'checkout 1.8.2 passed in staging with 100 of 90 needed.')
  assert.equal(passed.counterfactual, null)
})

test('no data, a bad value, a provider error and silence are told apart', () => {
  const file: SloFile = {
    objectives: [
      objective('a', ['<1']),
      objective('b', ['<1']),
      objective('c', ['<1']),
      objective('d', ['<1']),
      objective('e', ['<1']),
    ],
  }
  const values = [
    unmeasured('a', 'no-data', 'query did not return any values', PROVIDER),
    unmeasured('b', 'several-values', 'query did return multiple values', PROVIDER),
    unmeasured('c', 'unreachable', 'Prometheus did not answer: x refused the connection', PROVIDER),
    measured('e', 0, PROVIDER),
  ]
  const explanation = report(file, values)
  assert.deepEqual(
    explanation.objectives.map((one) => [one.measurement.kind, one.reason]),
    [
      ['no-data', 'no data: query did not return any values'],
      ['bad-value', 'no single number: query did return multiple values'],
      ['provider-error', 'provider error: Prometheus did not answer: x refused the connection'],
      ['missing', 'no value: no value received from SLI provider for d'],
      ['measured', '0 < 1'],
    ],
  )
  assert.equal(
    explanation.sentence,
    'checkout 1.8.2 failed in staging because a has no value (query did not return any values), and 3 more.',
  )
})

test('no verdict says why, and what to do', () => {
  const file: SloFile = { objectives: [objective('a', ['<1']), objective('b', ['<1'])] }
  const down = 'Prometheus did not answer: 127.0.0.1:9090 refused the connection'
  const explanation = report(file, [
    unmeasured('a', 'unreachable', down, PROVIDER),
    unmeasured('b', 'unreachable', down, PROVIDER),
  ])
  assert.equal(explanation.verdict, 'none')
  assert.equal(
    explanation.sentence,
    `No verdict for checkout 1.8.2 in staging: none of 2 indicators has a value (${down}).`,
  )
  assert.equal(
    explanation.advice,
    'See that the provider is reachable from here, then evaluate again.',
  )
  assert.equal(explanation.counterfactual, null)
})

test('without history a relative criterion says that it was not compared', () => {
  const file: SloFile = { objectives: [objective('rt', ['<=+10%'])] }
  const first = report(file, [measured('rt', 5, PROVIDER)])
  assert.equal(
    first.objectives[0]?.reason,
    '<=+10% is not compared: there is no earlier evaluation',
  )
  const empty = [{ id: 'e', result: 'fail', values: [] }]
  const second = report(file, [measured('rt', 5, PROVIDER)], empty)
  assert.equal(
    second.objectives[0]?.reason,
    '<=+10% is not compared: the earlier evaluation has no value for it',
  )
})

test('a file that cannot be evaluated, and an end before evaluation', () => {
  const broken = report({ objectives: [objective('rt', ['10'])] }, [measured('rt', 5, PROVIDER)])
  assert.match(
    broken.sentence,
    /^checkout 1\.8\.2 failed in staging because slo\.yaml cannot be evaluated: error with rt: criterion "10"/,
  )
  assert.equal(broken.score, null)
  const ended = explainEnd({
    verdict: 'pass',
    subject: { ...SUBJECT, version: null },
    window: undefined,
    message: 'no evaluation performed',
    notes: ['a'],
  })
  assert.equal(ended.sentence, 'checkout passed in staging: no evaluation performed.')
  assert.equal(renderText(ended), `${ended.sentence}\npass\n\nNote: a\n`)
})

test('causes are ranked: vetoes first, then what cost most, then the order of the file', () => {
  const file: SloFile = {
    objectives: [
      objective('small', ['<1']),
      objective('large', ['<1'], { weight: 5 }),
      objective('half', ['<1'], { weight: 4, warning: [{ criteria: ['<3'] }] }),
      objective('fine', ['<3'], { weight: 9 }),
      objective('key', ['<1'], { key_sli: true, weight: 0 }),
      { sli: 'shown' },
    ],
  }
  const values = ['small', 'large', 'half', 'fine', 'key', 'shown'].map((name) =>
    measured(name, 2, PROVIDER),
  )
  const { causes, sentence } = report(file, values)
  assert.deepEqual(
    causes.map(({ name, objective: index, veto }) => [name, index, veto]),
    [
      ['key', 4, true],
      ['large', 1, false],
      ['half', 2, false],
      ['small', 0, false],
    ],
  )
  assert.match(sentence, / because key was 2, above its limit of 1, and 3 more\.$/)
})

test('each objective says how far it is from its limit', () => {
  const margin = (
    criteria: string[],
    value: number | null,
    previous: PreviousEvaluation[] = [],
  ) => {
    const measuredValue =
      value === null
        ? unmeasured('a', 'no-data', 'nothing', { ...PROVIDER, unit: 'ms' })
        : measured('a', value, { ...PROVIDER, unit: 'ms' })
    return report({ objectives: [objective('a', criteria)] }, [measuredValue], previous)
      .objectives[0]?.margin?.text
  }
  assert.equal(margin(['<=300'], 312), 'passes at ≤ 300 ms; 12 ms over')
  assert.equal(margin(['<=300'], 250), 'passes at ≤ 300 ms; 50 ms to spare')
  assert.equal(margin(['<=300'], 300), 'passes at ≤ 300 ms; nothing to spare')
  assert.equal(margin(['<300'], 300), 'passes at < 300 ms; exactly there')
  assert.equal(margin(['>=300'], 250), 'passes at ≥ 300 ms; 50 ms short')
  assert.equal(margin(['=300'], 250), 'passes at exactly 300 ms; 50 ms short')
  assert.equal(margin(['>1', '<=5'], 7), 'passes at > 1 and ≤ 5 ms; 2 ms over')
  assert.equal(margin(['<=300'], null), 'passes at ≤ 300 ms')
  assert.equal(margin(['<=+10%'], 5), 'passes at any value')
  assert.equal(margin(['<1', '>2'], 5), undefined)
  assert.equal(margin(['<=+10%'], 300, runs('a', 250)), 'passes at ≤ 275 ms; 25 ms over')
  // Shown rounded, and still a value that passes.
  assert.equal(margin(['<=+10%'], 300, runs('a', 247.57)), 'passes at ≤ 272.3 ms; 27.67 ms over')
})

test('a pinned reference is called so, and left out runs come with their reason', () => {
  const previous = runs('a', 100, 200).map((run, index) =>
    index === 1 ? { ...run, pinned: { by: 'ann', reason: 'before the rewrite' } } : run,
  )
  const { baseline, objectives } = report(
    { objectives: [objective('a', ['<=+10%'])] },
    [measured('a', 5, PROVIDER)],
    previous,
  )
  assert.equal(objectives[0]?.baseline?.of, 'the pinned reference')
  assert.deepEqual(
    baseline?.evaluations.map(({ id, pinned }) => [id, pinned?.by]),
    [['run-1', 'ann']],
  )
  assert.deepEqual(
    baseline?.leftOut.map(({ id, reason, text }) => [id, reason, text]),
    [['run-2', 'not-pinned', 'not the pinned reference']],
  )
  assert.equal(baseline?.notes.length, 1)
})
