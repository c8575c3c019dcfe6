import { nameOf } from '../evaluation/evaluation.ts'
import { NO_VALUE_MESSAGE, type ObjectiveOutcome } from '../evaluation/objective.ts'
import { problemKind, type SliDetail } from '../evaluation/sli-value.ts'
import { aggregateText, explainBaseline, explainSets, type Measured } from './arithmetic.ts'
import type { ExplainedObjective, ExplainedSet, Measurement } from './explanation.ts'
import { marginOf } from './margin.ts'
import { formatNumber, withUnit } from './number-format.ts'
import { clipped } from './plain-text.ts'

const PERCENT = 100
/** It stands behind every number. */
const MAX_UNIT = 20
/** The judge of slo.yaml: criteria, weights, key indicators. */
const CRITERIA_JUDGE = 'criteria'

/** `maximumScore`: the points that all objectives together could have earned. */
export function explainObjective(
  found: ObjectiveOutcome,
  detail: SliDetail | undefined,
  maximumScore: number,
): ExplainedObjective {
  const { objective, baseline, status } = found
  const unit = detail?.unit === undefined ? null : clipped(detail.unit, MAX_UNIT)
  const value = found.value?.success === true ? found.value.value : null
  const shown = value === null ? '' : formatNumber(value)
  const measurement: Measurement =
    value === null
      ? withoutValue(found, detail)
      : { kind: 'measured', value, text: withUnit(shown, unit) }
  const base = baseline.value === undefined ? '' : withUnit(formatNumber(baseline.value), unit)
  const of = aggregateText(baseline)
  const measured: Measured = { value, shown, unit, baseline, base, of }
  const hasWarning = (objective.warning?.length ?? 0) > 0
  const pass =
    status === 'info' ? null : explainSets(objective.pass ?? [], found.passTargets, measured)
  const warning =
    pass === null || !hasWarning
      ? null
      : explainSets(objective.warning ?? [], found.warningTargets ?? [], measured)
  const lost = pass === null ? 0 : objective.weight - found.score
  return {
    sli: objective.sli,
    name: nameOf(objective),
    judge: CRITERIA_JUDGE,
    status,
    keySli: objective.keySli,
    points: found.score,
    weight: pass === null ? 0 : objective.weight,
    lostScore: maximumScore === 0 ? 0 : (PERCENT * lost) / maximumScore,
    measurement,
    unit,
    pass,
    warning,
    margin:
      pass === null
        ? null
        : marginOf(objective.pass ?? [], { value, unit, baseline: baseline.value }),
    baseline: explainBaseline(measured),
    reason: reasonOf(measurement, pass, status === 'pass' ? null : warning),
    provider: detail?.provider ?? null,
    query: detail?.query ?? null,
    link: detail?.link ?? null,
    series: detail?.series ?? null,
    remarks: detail?.remarks ?? [],
  }
}

function withoutValue(
  { objective, value }: ObjectiveOutcome,
  detail: SliDetail | undefined,
): Measurement {
  const problem = detail?.problem ?? null
  // A value from a file or a remote provider says no more than that it failed.
  const kind = problem === null ? 'missing' : problemKind(problem)
  const said = value?.message || NO_VALUE_MESSAGE
  const message = said === NO_VALUE_MESSAGE ? `${said} for ${objective.sli}` : said
  return { kind, problem, message }
}

export const MEASUREMENT_WORDS: Readonly<Record<Exclude<Measurement['kind'], 'measured'>, string>> =
  {
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
