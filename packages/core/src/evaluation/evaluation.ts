import type { IndicatorValue } from '@tiphys/contract/evaluation.ts'
import type { Result } from '@tiphys/contract/event.ts'
import type { Slo, SloObjective } from '../slo/slo.ts'
import { type SloFinding, sloErrors } from '../slo/slo-lint.ts'
import { toAggregateFunction } from './aggregate.ts'
import { baselinesOf, type PreviousEvaluation } from './baseline.ts'
import { type BaselineSelection, type LeftOut, selectBaseline } from './baseline-selection.ts'
import { evaluateObjective, type ObjectiveOutcome } from './objective.ts'
import { totalScore } from './score.ts'

export type EvaluationInput = {
  readonly slo: Slo
  /** What the providers sent, one per indicator. Where a name comes twice the first counts. */
  readonly values: readonly IndicatorValue[]
  /** Newest first, unfiltered: also those that do not count, so that the report can say why. */
  readonly previous: readonly PreviousEvaluation[]
  /** Of this run, for `comparison.same_labels`. */
  readonly labels?: Readonly<Record<string, string>>
  /** A provider that answered, but called its answer a failure, forces the result to fail. */
  readonly providerFailure?: string
}

/**
 * The verdict on a set of measured values. `result` and `status` go onto the event, `evaluatedResult` and `score` into its
 * `evaluation` object; they differ only where a provider called its own answer a failure.
 */
export type EvaluationOutcome = {
  /** Why it ended so; `scored` is the ordinary case. */
  readonly cause: 'scored' | 'no-objectives' | 'slo-invalid' | 'no-value' | 'provider-failed'
  readonly status: 'succeeded' | 'errored'
  readonly result: Result
  readonly evaluatedResult: Result
  readonly score: number
  readonly message: string
  /** null: nothing was evaluated. */
  readonly objectives: readonly ObjectiveOutcome[] | null
  readonly reachedScore: number
  readonly maximumScore: number
  /** Earlier evaluations that count, newest first. */
  readonly compared: readonly PreviousEvaluation[]
  /** Earlier evaluations that were looked at and do not count, and why; the newest of them, newest first. */
  readonly leftOut: readonly LeftOut[]
  /** Where the comparison was answered otherwise than slo.yaml says: a pinned reference. A sentence each. */
  readonly baselineNotes: readonly string[]
  /** Indicators that were sent and that no objective names. */
  readonly additionalSlis: readonly string[]
  /** What a provider said that called its own answer a failure. */
  readonly providerFailure: string | undefined
  /** What makes the file unusable, where `cause` is `slo-invalid`. */
  readonly findings: readonly SloFinding[]
}

/** Keptn gave this as maximum where nothing could be evaluated. */
const NOMINAL_MAXIMUM = 100

/** Pure: the same input gives the same verdict, so a verdict can be recomputed from its report. */
export function evaluate(input: EvaluationInput): EvaluationOutcome {
  const { slo, previous, labels } = input
  return evaluateAgainst(input, selectBaseline(previous, slo.comparison, labels))
}

export type MeasuredInput = Omit<EvaluationInput, 'previous' | 'labels'>
export type ChosenRuns = Pick<BaselineSelection, 'compared' | 'leftOut' | 'notes'>

/** The verdict against earlier evaluations that were chosen already, as a stored report names them. */
export function evaluateAgainst(input: MeasuredInput, selection: ChosenRuns): EvaluationOutcome {
  const { slo, providerFailure } = input
  const findings = sloErrors(slo)
  const aggregateFunction = toAggregateFunction(slo.comparison.aggregateFunction)
  const nothing = { ...nothingEvaluated(selection), providerFailure }
  if (findings.length > 0 || aggregateFunction === undefined) {
    return { ...nothing, ...invalid(slo, findings), findings }
  }
  if (slo.objectives.length === 0) return { ...nothing, ...noObjectives() }

  const values = firstByMetric(input.values)
  const baseline = baselinesOf(selection.compared, aggregateFunction)
  const objectives = slo.objectives.map((objective) =>
    evaluateObjective(objective, values.get(objective.sli), baseline(objective.sli)),
  )
  return { ...scored(input, objectives), ...comparisonOf(selection), objectives, findings: [] }
}

function firstByMetric(values: readonly IndicatorValue[]): ReadonlyMap<string, IndicatorValue> {
  const found = new Map<string, IndicatorValue>()
  for (const value of values) if (!found.has(value.metric)) found.set(value.metric, value)
  return found
}

type Comparison = Pick<EvaluationOutcome, 'compared' | 'leftOut' | 'baselineNotes'>

function comparisonOf({ compared, leftOut, notes }: ChosenRuns): Comparison {
  return { compared, leftOut, baselineNotes: notes }
}

type Scored = Omit<EvaluationOutcome, keyof Comparison | 'objectives' | 'findings'>

function scored(input: MeasuredInput, objectives: readonly ObjectiveOutcome[]): Scored {
  const { slo } = input
  const maximumScore = slo.objectives
    .filter((objective) => (objective.pass?.length ?? 0) > 0)
    .reduce((sum, objective) => sum + objective.weight, 0)
  // Keptn names the last key indicator that failed.
  const veto = objectives.findLast((outcome) => outcome.keyFailure !== undefined)
  const total = totalScore({
    indicators: objectives.map((outcome) => ({
      score: outcome.score,
      passTargetCount: outcome.passTargets.length,
    })),
    maximumScore,
    totalScore: slo.totalScore,
    keyFailure: veto && { name: nameOf(veto.objective), message: veto.keyFailure ?? '' },
  })
  const common = {
    reachedScore: objectives.reduce((sum, outcome) => sum + outcome.score, 0),
    maximumScore,
    additionalSlis: additionalSlis(input),
    providerFailure: input.providerFailure,
  }
  if (!total.ok) {
    const result = { status: 'errored', result: 'fail', evaluatedResult: 'fail', score: 0 } as const
    return { ...common, ...result, cause: 'slo-invalid', message: total.message }
  }
  if (objectives.every((outcome) => outcome.value?.success !== true)) {
    const result = { status: 'errored', result: 'fail', evaluatedResult: 'fail', score: 0 } as const
    return { ...common, ...result, cause: 'no-value', message: noValueMessage(objectives) }
  }
  const evaluated = {
    ...common,
    status: 'succeeded',
    evaluatedResult: total.result,
    score: total.score,
  } as const
  if (input.providerFailure !== undefined) {
    const message = `lighthouse failed because SLI failed with message ${input.providerFailure}`
    return { ...evaluated, cause: 'provider-failed', result: 'fail', message }
  }
  const message = total.message || additionalMessage(common.additionalSlis)
  return { ...evaluated, cause: 'scored', result: total.result, message }
}

function nothingEvaluated(selection: ChosenRuns): EvaluationOutcome {
  return {
    ...comparisonOf(selection),
    cause: 'slo-invalid',
    status: 'errored',
    result: 'fail',
    evaluatedResult: 'fail',
    score: 0,
    message: '',
    objectives: null,
    reachedScore: 0,
    maximumScore: NOMINAL_MAXIMUM,
    additionalSlis: [],
    providerFailure: undefined,
    findings: [],
  }
}

/** A criterion that cannot be read ended an evaluation as succeeded/fail in Keptn; what makes the whole file unusable as errored. */
function invalid(
  slo: Slo,
  findings: readonly SloFinding[],
): Pick<EvaluationOutcome, 'status' | 'message'> {
  const [finding] = findings
  if (finding === undefined) return { status: 'errored', message: 'slo.yaml cannot be evaluated' }
  if (finding.code !== 'criterion-invalid') return { status: 'errored', message: finding.message }
  const objective = slo.objectives.find((candidate) => candidate.index === finding.path[1])
  const name = objective === undefined ? '' : nameOf(objective)
  return { status: 'succeeded', message: `error with ${name}: ${finding.message}` }
}

function noObjectives(): Pick<EvaluationOutcome, 'cause' | 'status' | 'message'> {
  const message = 'lighthouse failed because no SLO objective was provided'
  return { cause: 'no-objectives', status: 'succeeded', message }
}

function noValueMessage(objectives: readonly ObjectiveOutcome[]): string {
  const reasons = objectives.map((outcome) => {
    const reason = outcome.value?.message || 'no value received from SLI provider'
    return `${outcome.objective.sli}: ${reason}`
  })
  return `no verdict because no indicator has a value: ${reasons.join('; ')}`
}

function additionalSlis({ slo, values }: MeasuredInput): string[] {
  const named = new Set(slo.objectives.map((objective) => objective.sli))
  return [...new Set(values.map((value) => value.metric))].filter((metric) => !named.has(metric))
}

function additionalMessage(metrics: readonly string[]): string {
  if (metrics.length === 0) return ''
  return `Lighthouse received additional SLIs, which are not specified as SLO: ${metrics.join(', ')} . Please consider using them as an SLO.`
}

export function nameOf(objective: SloObjective): string {
  return objective.displayName || objective.sli
}
