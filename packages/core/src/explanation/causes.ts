import type { ExplainedCause, ExplainedCriterion, ExplainedObjective } from './explanation.ts'
import { formatPair, withUnit } from './number-format.ts'

/** What took points or vetoed, the most expensive first: a veto costs everything. Equal ones in the order of slo.yaml. */
export function rankedCauses(objectives: readonly ExplainedObjective[]): readonly ExplainedCause[] {
  const causes: ExplainedCause[] = []
  objectives.forEach((objective, index) => {
    const veto = isVeto(objective)
    if (objective.lostScore <= 0 && !veto) return
    const { sli, name, lostScore } = objective
    causes.push({ objective: index, sli, name, veto, lostScore, text: because(objective) })
  })
  return causes.sort(
    (left, right) =>
      Number(right.veto) - Number(left.veto) ||
      right.lostScore - left.lostScore ||
      left.objective - right.objective,
  )
}

export function isVeto({ keySli, status }: ExplainedObjective): boolean {
  return keySli && status === 'fail'
}

/** `error_rate was 1.84 %, above its limit of 1 %`, or why it has no value. */
function because(objective: ExplainedObjective): string {
  const { measurement, name, unit } = objective
  if (measurement.kind !== 'measured') return `${name} has no value (${measurement.message})`
  const missed = missedCriterion(objective)
  if (missed?.target === undefined || missed.target === null) return `${name} did not hold`
  const [value] = formatPair(measurement.value, missed.target)
  const relation =
    measurement.value > missed.target
      ? 'above its limit of'
      : measurement.value < missed.target
        ? 'below its limit of'
        : `not ${missed.criterion.trim().startsWith('<') ? 'below' : 'above'} its limit of`
  return `${name} was ${withUnit(value, unit)}, ${relation} ${missed.limit}`
}

/** The first criterion missed in the set that came nearest to holding. */
function missedCriterion({ pass }: ExplainedObjective): ExplainedCriterion | undefined {
  const missed = (pass ?? []).map((set) => set.criteria.filter((one) => !one.satisfied))
  return missed.toSorted((left, right) => left.length - right.length)[0]?.[0]
}
