import type { EvaluationOutcome } from '../evaluation/evaluation.ts'
import { nameOf } from '../evaluation/evaluation.ts'
import { NO_VALUE_MESSAGE, type ObjectiveOutcome } from '../evaluation/objective.ts'
import { problemKind, type SliDetail } from '../evaluation/sli-value.ts'
import type { EvaluationWindow } from '../evaluation/window.ts'
import { parsePercentage, type Slo } from '../slo/slo.ts'
import { explainBaseline, explainSets, type Measured } from './arithmetic.ts'
import { smallestPassingChange } from './counterfactual.ts'
import { counterfactualSentence, neededText } from './counterfactual-sentence.ts'
import type {
  Counterfactual,
  ExplainedObjective,
  ExplainedScore,
  ExplainedSet,
  ExplainedWindow,
  Explanation,
  Measurement,
  Subject,
  Verdict,
} from './explanation.ts'
import { formatNumber, withUnit } from './number-format.ts'
import { adviceFor, verdictSentence } from './sentence.ts'

export type ExplainInput = {
  readonly slo: Slo
  readonly outcome: EvaluationOutcome
  readonly subject: Subject
  readonly window: EvaluationWindow | undefined
  /** By SLI, where the provider says more than the wire carries. */
  readonly details: Readonly<Record<string, SliDetail>>
  readonly notes: readonly string[]
}

const PERCENT = 100

/** The report of an evaluation. Pure, and nothing in it that the input does not hold. */
export function explain(input: ExplainInput): Explanation {
  const { outcome, slo, subject } = input
  const verdict: Verdict = outcome.status === 'errored' ? 'none' : outcome.result
  const objectives = (outcome.objectives ?? []).map((objective) =>
    explainObjective(objective, outcome, input.details),
  )
  const score = explainScore(slo, outcome)
  const said = {
    verdict,
    subject,
    objectives,
    score,
    cause: outcome.cause,
    message: outcome.message,
  }
  return {
    version: 1,
    verdict,
    sentence: verdictSentence(said),
    advice: adviceFor(said),
    subject,
    window: explainWindow(input.window),
    score,
    objectives,
    baseline: {
      compareWith: slo.comparison.compareWith,
      includeResultWithScore: slo.comparison.includeResultWithScore,
      aggregateFunction: slo.comparison.aggregateFunction,
      evaluations: outcome.compared.map(({ id, result }) => ({ id, result })),
    },
    counterfactual: verdict === 'none' ? null : explainChange(slo, outcome, objectives),
    notes: [...input.notes, ...outcome.baselineNotes, ...additionalNote(outcome)],
  }
}

/** The report of an evaluation that ended before anything was measured or judged. */
export function explainEnd(input: {
  readonly verdict: Verdict
  readonly subject: Subject
  readonly window: EvaluationWindow | undefined
  readonly message: string
  readonly notes: readonly string[]
}): Explanation {
  const { verdict, subject, message, notes } = input
  const said = { verdict, subject, objectives: [], score: null, cause: 'ended', message } as const
  return {
    version: 1,
    verdict,
    sentence: verdictSentence(said),
    advice: null,
    subject,
    window: explainWindow(input.window),
    score: null,
    objectives: [],
    baseline: null,
    counterfactual: null,
    notes,
  }
}

function explainObjective(
  { objective, ...found }: ObjectiveOutcome,
  outcome: EvaluationOutcome,
  details: Readonly<Record<string, SliDetail>>,
): ExplainedObjective {
  const detail = Object.hasOwn(details, objective.sli) ? details[objective.sli] : undefined
  const unit = detail?.unit ?? null
  const measurement = explainMeasurement({ objective, ...found }, detail)
  const value = measurement.kind === 'measured' ? measurement.value : null
  const measured: Measured = { value, unit, baseline: found.baseline }
  const hasWarning = (objective.warning?.length ?? 0) > 0
  const pass =
    found.status === 'info' ? null : explainSets(objective.pass ?? [], found.passTargets, measured)
  const warning =
    pass === null || !hasWarning
      ? null
      : explainSets(objective.warning ?? [], found.warningTargets ?? [], measured)
  const lost = pass === null ? 0 : objective.weight - found.score
  return {
    sli: objective.sli,
    name: nameOf(objective),
    status: found.status,
    keySli: objective.keySli,
    points: found.score,
    weight: pass === null ? 0 : objective.weight,
    lostScore: outcome.maximumScore === 0 ? 0 : (PERCENT * lost) / outcome.maximumScore,
    measurement,
    unit,
    pass,
    warning,
    baseline: explainBaseline(measured),
    reason: reasonOf(measurement, pass, found.status === 'pass' ? null : warning),
    provider: detail?.provider ?? null,
    query: detail?.query ?? null,
    link: detail?.link ?? null,
  }
}

function explainMeasurement(
  { objective, value }: ObjectiveOutcome,
  detail: SliDetail | undefined,
): Measurement {
  if (value?.success === true) {
    const text = withUnit(formatNumber(value.value), detail?.unit ?? null)
    return { kind: 'measured', value: value.value, text }
  }
  const problem = detail?.problem ?? null
  // A value from a file or a remote provider says no more than that it failed.
  const kind = problem === null ? 'missing' : problemKind(problem)
  const said = value?.message || NO_VALUE_MESSAGE
  const message = said === NO_VALUE_MESSAGE ? `${said} for ${objective.sli}` : said
  return { kind, problem, message }
}

const MEASUREMENT_WORDS: Readonly<Record<Exclude<Measurement['kind'], 'measured'>, string>> = {
  'no-data': 'no data',
  'bad-value': 'no single number',
  'provider-error': 'provider error',
  missing: 'no value',
}

function reasonOf(
  measurement: Measurement,
  pass: readonly ExplainedSet[] | null,
  warning: readonly ExplainedSet[] | null,
): string {
  if (measurement.kind !== 'measured') {
    return `${MEASUREMENT_WORDS[measurement.kind]}: ${measurement.message}`
  }
  if (pass === null) return 'reported only: it has no pass criteria'
  const passed = setsText(pass)
  return warning === null ? passed : `${passed}; warning: ${setsText(warning)}`
}

function setsText(sets: readonly ExplainedSet[]): string {
  return sets
    .map((set) => set.criteria.map((one) => one.arithmetic).join(' and ') || 'no criteria')
    .join(', or ')
}

function explainScore(slo: Slo, outcome: EvaluationOutcome): ExplainedScore | null {
  const needed = parsePercentage(slo.totalScore.pass)
  if (outcome.objectives === null || needed === undefined) return null
  return {
    value: outcome.score,
    needed,
    warning: parsePercentage(slo.totalScore.warning) ?? null,
    points: outcome.reachedScore,
    maximumPoints: outcome.maximumScore,
  }
}

function explainWindow(window: EvaluationWindow | undefined): ExplainedWindow | null {
  if (window === undefined) return null
  const { start, end, startMs, endMs } = window
  return { start, end, durationMs: endMs - startMs }
}

function explainChange(
  slo: Slo,
  outcome: EvaluationOutcome,
  objectives: readonly ExplainedObjective[],
): Counterfactual | null {
  const change = smallestPassingChange(slo, outcome)
  // A provider that calls its own answer a failure fails it whatever the values are.
  if (change === undefined || outcome.cause !== 'scored') return null
  const changes = change.changes.map((needed) => {
    const objective = objectives.find((candidate) => candidate.sli === needed.sli)
    const text = neededText(needed, objective?.unit ?? null)
    const { sli, from, to } = needed
    return { sli, name: objective?.name ?? sli, from, to, text }
  })
  return { changes, score: change.score, sentence: counterfactualSentence(changes, change.score) }
}

function additionalNote({ additionalSlis }: EvaluationOutcome): string[] {
  if (additionalSlis.length === 0) return []
  return [`measured, but named by no objective: ${additionalSlis.join(', ')}`]
}
