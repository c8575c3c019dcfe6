import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type EvaluationOutcome, evaluate } from '../evaluation/evaluation.ts'
import { judgeSets, type ObjectiveOutcome } from '../evaluation/objective.ts'
import { normaliseSlo, type Slo } from './slo.ts'
import { lintSlo, type SloFinding, sloErrors } from './slo-lint.ts'

/**
 * What lint says can never happen never does: the evaluation itself is asked, with values and earlier results of every kind. Numbers are
 * halves of small whole ones, so that limits are met exactly.
 */
const half = (low: number, high: number) =>
  fc.integer({ min: low * 2, max: high * 2 }).map((doubled) => doubled / 2)

const criterion = fc
  .tuple(
    fc.constantFrom('<', '<=', '=', '>=', '>'),
    fc.constantFrom('', '', '', '+', '-'),
    half(0, 6),
    fc.constantFrom('', '', '%'),
  )
  .map((parts) => parts.join(''))
const sets = fc.array(
  fc.record({ criteria: fc.array(criterion, { minLength: 0, maxLength: 3 }) }),
  { maxLength: 3 },
)
const objective = fc.record({
  sli: fc.constantFrom('a', 'a', 'b'),
  pass: sets,
  warning: fc.oneof(fc.constant(null), sets),
  weight: fc.constantFrom(0, 1, 1, 2),
  key_sli: fc.constantFrom(false, false, true),
})
const file = fc.record({
  objectives: fc.array(objective, { minLength: 1, maxLength: 3 }),
  comparison: fc.constantFrom(
    null,
    { include_result_with_score: 'pass', compare_with: 'several_results' },
    { include_result_with_score: 'pass_or_warn', compare_with: 'single_result' },
  ),
  total_score: fc.constantFrom(
    null,
    ...[
      { pass: '50', warning: '25' },
      { pass: '0' },
      { pass: '90', warning: '95' },
      { pass: '101' },
      { pass: '40', warning: '0%' },
    ],
  ),
})
const measured = fc.record({ a: half(-20, 20), b: half(-20, 20) })
/** Values in time; each evaluation is history for those after it. */
const story = fc.tuple(file, fc.array(measured, { minLength: 3, maxLength: 8 }))

type Told = { readonly finding: SloFinding; readonly outcome: EvaluationOutcome; readonly slo: Slo }

test('what lint says can never happen never does', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(story, ([written, values]) => {
      const slo = normaliseSlo(written)
      const findings = lintSlo(slo)
      assert.deepEqual(
        sloErrors(slo),
        findings.filter(({ severity }) => severity === 'error'),
      )
      for (const outcome of tell(slo, values)) {
        for (const finding of findings) {
          const check = CHECKS[finding.code]
          if (check === undefined) continue
          seen.add(finding.code)
          assert.ok(check({ finding, outcome, slo }), `${finding.code}: ${finding.message}`)
        }
      }
    }),
    { numRuns: 500 },
  )
  // Rare ones need luck; most come every time.
  assert.ok(seen.size > 8, `only ${[...seen].join(', ')} were put to the test`)
})

/** One evaluation after the other, as a server would make them. */
function* tell(slo: Slo, values: readonly { readonly a: number; readonly b: number }[]) {
  const previous: Parameters<typeof evaluate>[0]['previous'][number][] = []
  for (const [index, measuredNow] of values.entries()) {
    const indicators = Object.entries(measuredNow).map(([metric, value]) => ({
      metric,
      value,
      success: true,
    }))
    const outcome = evaluate({ slo, values: indicators, previous })
    yield outcome
    previous.unshift({ id: `run-${index}`, result: outcome.result, values: indicators })
  }
}

function objectiveOf({ finding, outcome }: Told): ObjectiveOutcome {
  const place = outcome.objectives?.find(({ objective: one }) => one.index === finding.path[1])
  assert.ok(place !== undefined)
  return place
}

/** What is said of later evaluations does not hold for the first. */
function isSpokenOf({ finding }: Told, { baseline }: ObjectiveOutcome): boolean {
  return baseline.value !== undefined || !finding.message.includes('once there is')
}

function hasNoKey({ slo }: Told): boolean {
  return slo.objectives.every(({ keySli }) => !keySli)
}

/** By code: whether an outcome is as the finding says. */
const CHECKS: Partial<Record<SloFinding['code'], (told: Told) => boolean>> = {
  'never-fails': (told) => objectiveOf(told).status !== 'fail',
  'never-passes': (told) => {
    const outcome = objectiveOf(told)
    return !isSpokenOf(told, outcome) || outcome.status !== 'pass'
  },
  'never-scored': (told) => objectiveOf(told).passTargets.length === 0,
  'warning-without-effect': (told) => {
    const outcome = objectiveOf(told)
    return !isSpokenOf(told, outcome) || outcome.status !== 'warning'
  },
  'set-never-holds': (told) => {
    const outcome = objectiveOf(told)
    const [, , key, index] = told.finding.path
    const set = outcome.objective[key === 'pass' ? 'pass' : 'warning']?.[Number(index)] ?? []
    const value = outcome.value?.value ?? 0
    return !isSpokenOf(told, outcome) || !judgeSets([set], value, outcome.baseline.value).satisfied
  },
  'set-without-effect': (told) => {
    const outcome = objectiveOf(told)
    const set = outcome.objective.warning?.[Number(told.finding.path[3])] ?? []
    const value = outcome.value?.value ?? 0
    const isSatisfied = judgeSets([set], value, outcome.baseline.value).satisfied
    return !isSatisfied || outcome.status === 'pass'
  },
  'objectives-contradict': (told) => {
    const other = Number(/objectives\.(\d+)/.exec(told.finding.message)?.[1])
    const pair = told.outcome.objectives?.filter(
      ({ objective: one }) => one.index === other || one.index === told.finding.path[1],
    )
    return pair?.some(({ status }) => status !== 'pass') ?? false
  },
  'nothing-scored': (told) => !hasNoKey(told) || told.outcome.score === 100,
  'total-score-impossible': ({ outcome, slo }) =>
    outcome.result !== 'pass' ||
    slo.objectives.every(({ pass, weight }) => !pass?.length || weight === 0),
  'total-score-unreachable': ({ outcome }) => outcome.result !== 'pass',
  'total-score-always-reached': (told) => {
    const isPass = told.finding.path[1] === 'pass'
    return (
      !hasNoKey(told) || (isPass ? told.outcome.result === 'pass' : told.outcome.result !== 'fail')
    )
  },
  'total-score-no-warning-band': ({ outcome }) => outcome.result !== 'warning',
  'comparison-without-runs': ({ outcome }) => outcome.compared.length === 0,
}
