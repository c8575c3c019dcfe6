import assert from 'node:assert/strict'
import type { IndicatorValue, Target } from '@tiphys/contract/evaluation.ts'
import { StoredExplanation } from '@tiphys/contract/explanation.ts'
import { SloFile } from '@tiphys/contract/slo.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import { aggregate, percentile, toAggregateFunction } from '@tiphys/core/evaluation/aggregate.ts'
import {
  compare,
  parseCriterion,
  relativeTarget,
  toOperator,
} from '@tiphys/core/evaluation/criterion.ts'
import { evaluate } from '@tiphys/core/evaluation/evaluation.ts'
import { judgeCriterion, judgeSets } from '@tiphys/core/evaluation/objective.ts'
import { totalScore } from '@tiphys/core/evaluation/score.ts'
import { evaluationWindow } from '@tiphys/core/evaluation/window.ts'
import { toEvaluation } from '@tiphys/core/evaluation/wire.ts'
import { completeExplanation } from '@tiphys/core/explanation/complete-explanation.ts'
import { explain } from '@tiphys/core/explanation/explain.ts'
import { recompute } from '@tiphys/core/explanation/recompute.ts'
import { normaliseSlo, type Slo } from '@tiphys/core/slo/slo.ts'

export type Vector = {
  readonly id: string
  readonly kind: string
  // The fixture has sixteen shapes; each check reads its own.
  // biome-ignore lint/suspicious/noExplicitAny: a fixture of many shapes, asserted field by field below
  readonly input: any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly expect: any
}

/** Where design/compatibility.md mends Keptn, our value is asserted instead of the recorded one. */
const MENDED = {
  /** An SLI used in two objectives: both are evaluated. */
  sliUsedTwice: 'evaluation-08',
  /** p99 is an aggregate function here; Keptn compared with 0. */
  p99: 'criterion-16',
}

export const vectorChecks: Readonly<Record<string, (vector: Vector) => void>> = {
  parse_criterion({ input, expect }) {
    const parsed = parseCriterion(input.criterion)
    if (expect.error) assert.deepEqual(parsed, { ok: false, message: expect.error })
    else assert.deepEqual(parsed, { ok: true, criterion: expect })
  },

  compare({ input, expect }) {
    const operator = toOperator(input.operator)
    if (expect.error) assert.equal(operator, undefined)
    else if (operator === undefined) assert.fail(`${input.operator} is an operator`)
    else assert.equal(compare(input.measured, operator, input.target), expect.satisfied)
  },

  fixed_threshold({ input, expect }) {
    if (expect.error) return assert.equal(toOperator(input.operator), undefined)
    const target = judgeCriterion(`${input.operator}${input.target}`, input.measured, undefined)
    assert.equal(!target.violated, expect.satisfied)
    assert.equal(target.targetValue, expect.targetValue)
  },

  percentile({ input, expect }) {
    assert.equal(percentile(input.values, input.p), expect.value)
  },

  aggregate({ input, expect }) {
    const value = aggregateOf(input.previous, input.function)
    assert.equal(value ?? 0, expect.value)
    assert.equal(value === undefined, expect.skip)
  },

  relative_criterion_object({ input, expect }) {
    const baseline = aggregateOf(input.previous, input.aggregate)
    const operator = toOperator(input.operator)
    assert.ok(baseline !== undefined && operator !== undefined)
    const target = relativeTarget({ ...input, operator, relative: true }, baseline)
    assert.equal(compare(input.measured, operator, target), expect.satisfied)
  },

  criterion({ id, input, expect }) {
    const baseline =
      input.previous.length === 0 ? undefined : aggregateOf(input.previous, input.aggregate)
    const target = judgeCriterion(input.criterion, input.measured, baseline)
    if (id === MENDED.p99) {
      // Recorded: target 0, violated. Here: p99 of 100 and 100 is 100, so 1 holds against <=+10%.
      assert.equal(target.violated, false)
      assert.ok(Math.abs(target.targetValue - 110) < 1e-9)
      return
    }
    assert.equal(!target.violated, expect.satisfied)
    if ('targetValue' in expect) assert.equal(target.targetValue, expect.targetValue)
    if ('comparedValue' in expect) assert.equal(baseline ?? 0, expect.comparedValue)
  },

  criteria_and({ input, expect }) {
    const baseline = aggregateOf(input.previous, input.aggregate)
    const judged = judgeSets([input.criteria], input.measured, baseline)
    assert.equal(judged.satisfied, expect.satisfied)
    assertTargets(judged.targets, expect.targets)
  },

  criteria_or({ input, expect }) {
    const baseline = aggregateOf(input.previous, input.aggregate)
    const judged = judgeSets(input.criteriaSets, input.measured, baseline)
    assert.equal(judged.satisfied, expect.satisfied)
    assertTargets(judged.targets, expect.targets)
  },

  objectives({ input, expect }) {
    const outcome = evaluateVector(input)
    const { indicatorResults } = toEvaluation(outcome, { window: undefined, sloFileContent: '' })
    assert.deepEqual(indicatorResults, expect.indicatorResults)
    assert.equal(outcome.maximumScore, expect.maximumScore)
    assert.equal(keyFailed(outcome), expect.keySliFailed)
    if (expect.result !== '') assert.equal(outcome.evaluatedResult, expect.result)
    if (expect.eventResult !== '') assert.equal(outcome.result, expect.eventResult)
  },

  total_score({ input, expect }) {
    const total = totalScore({
      indicators: input.indicators,
      maximumScore: input.maximumScore,
      totalScore: input.total_score,
      keyFailure: input.keySli.failed ? input.keySli : undefined,
    })
    assert.deepEqual(total, {
      ok: true,
      result: expect.result,
      score: expect.score,
      message: expect.message,
    })
    assert.equal(expect.eventResult, expect.result)
  },

  take_sli_value({ input, expect }) {
    const values = input.available.map((metric: string) => ({ metric, value: 1, success: true }))
    const slo = sloOf({ objectives: [objective(input.sli)], total_score: {} })
    const outcome = evaluate({ slo, values, previous: [] })
    assert.equal(outcome.objectives?.[0]?.value?.success, expect.found !== null)
    // Keptn removed a found value from its list (`leftCount`); here it stays, so that a second objective finds it too.
    // What nobody asked for is reported either way.
    const twice = sloOf({ objectives: [objective(input.sli), objective(input.sli)] })
    const second = evaluate({ slo: twice, values, previous: [] }).objectives?.[1]
    assert.equal(second?.value?.success, expect.found !== null)
    assert.equal(outcome.additionalSlis.length, expect.leftCount)
  },

  slo_parse({ input, expect }) {
    const parsed = parseYaml(SloFile, input.yaml, 'slo.yaml', { unknownKeys: 'warn' })
    if (expect === null) return assert.equal(parsed.ok, false)
    assert.ok(parsed.ok)
    assert.deepEqual(inKeptnShape(normaliseSlo(parsed.value)), expect)
  },

  timeframe({ input, expect }) {
    const result = evaluationWindow(input, 0)
    assert.ok(result.ok)
    assert.deepEqual({ start: result.window.start, end: result.window.end }, expect)
  },

  evaluation({ id, input, expect }) {
    const outcome = evaluateVector(input)
    const statuses = outcome.objectives?.map((objective) => objective.status)
    if (id === MENDED.sliUsedTwice) {
      // Recorded: fail, 50, the second objective finds no value. Here both are evaluated.
      assert.deepEqual(statuses, ['pass', 'pass'])
      assert.equal(outcome.result, 'pass')
      assert.equal(outcome.score, 100)
      return
    }
    assert.equal(outcome.result, expect.result)
    assert.equal(outcome.score, expect.score)
    assert.deepEqual(statuses, expect.statuses)
    assert.equal(keyFailed(outcome), expect.keySliFailed)
  },
}

function aggregateOf(previous: { value: number; success: boolean }[], name: string | null) {
  const aggregateFunction = toAggregateFunction(name ?? 'avg')
  assert.ok(aggregateFunction)
  const values = previous.filter((one) => one.success).map((one) => one.value)
  return aggregate(aggregateFunction, values)
}

function assertTargets(actual: readonly Target[], expected: readonly Target[]): void {
  assert.deepEqual(actual, expected)
}

type VectorInput = {
  sliValues: IndicatorValue[]
  slo: Record<string, unknown>
  previousEvaluations: { metric: string; value: number; success: boolean; status: string }[][]
}

function evaluateVector(input: VectorInput) {
  const slo = sloOf(input.slo)
  const previous = input.previousEvaluations.map((values, index) => ({
    id: `previous-${index}`,
    result: 'pass',
    values,
  }))
  const outcome = evaluate({ slo, values: input.sliValues, previous })
  assertRecomputes(slo, outcome)
  return outcome
}

/** The verdict again, from what would be stored of it. */
function assertRecomputes(slo: Slo, outcome: ReturnType<typeof evaluate>): void {
  const frame = { window: undefined, sloFileContent: '' }
  const evaluation = toEvaluation(outcome, frame)
  const subject = { project: null, stage: null, service: null, version: null }
  const explanation = explain({ slo, outcome, subject, window: undefined, details: {}, notes: [] })
  const stored = StoredExplanation.parse(JSON.parse(JSON.stringify(explanation)))
  const again = recompute({ slo, evaluation, explanation: completeExplanation(stored) })
  assert.deepEqual(toEvaluation(again, frame), evaluation)
  assert.deepEqual([again.result, again.message], [outcome.result, outcome.message])
}

function keyFailed(outcome: ReturnType<typeof evaluate>): boolean {
  return (outcome.objectives ?? []).some((objective) => objective.keyFailure !== undefined)
}

/** The fixture writes criteria as lists of lists; slo.yaml has a `criteria` key in between. */
function sloOf(fixture: Record<string, unknown>): Slo {
  const objectives = fixture['objectives'] as Record<string, unknown>[]
  const sets = (lists: unknown) =>
    Array.isArray(lists) ? lists.map((criteria) => ({ criteria })) : lists
  const file = SloFile.parse({
    ...fixture,
    objectives: objectives.map((one) => ({
      ...one,
      pass: sets(one['pass']),
      warning: sets(one['warning']),
    })),
  })
  return normaliseSlo(file)
}

function objective(sli: string): Record<string, unknown> {
  return { sli, pass: [['>=0']] }
}

function inKeptnShape(slo: Slo): unknown {
  return {
    spec_version: slo.specVersion,
    filter: slo.filter,
    comparison: {
      compare_with: slo.comparison.compareWith,
      include_result_with_score: slo.comparison.includeResultWithScore,
      number_of_comparison_results: slo.comparison.numberOfComparisonResults,
      aggregate_function: slo.comparison.aggregateFunction,
    },
    objectives: slo.objectives.map((one) => ({
      sli: one.sli,
      displayName: one.displayName,
      pass: one.pass,
      warning: one.warning,
      weight: one.weight,
      key_sli: one.keySli,
    })),
    total_score: slo.totalScore,
  }
}
