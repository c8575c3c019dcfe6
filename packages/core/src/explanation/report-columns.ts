import type { ExplainedObjective, Explanation } from './explanation.ts'
import { formatNumber } from './number-format.ts'

/** The verdict as one line of figures: `fail · 61.1 of 90 needed, warning from 75`. */
export function headline({ verdict, score }: Explanation): string {
  const word = verdict === 'none' ? 'no verdict' : verdict
  if (score === null || verdict === 'none') return word
  const warning = score.warning === null ? '' : `, warning from ${formatNumber(score.warning)}`
  return `${word} · ${formatNumber(score.value)} of ${formatNumber(score.needed)} needed${warning}`
}

export const COLUMNS = ['', 'indicator', 'measured', 'points', 'why'] as const

/** One row per objective, in the order of `COLUMNS`. */
export function objectiveRow(objective: ExplainedObjective): readonly string[] {
  const { measurement, points, weight, pass } = objective
  return [
    measurement.kind === 'measured' || pass === null ? objective.status : 'no value',
    objective.keySli ? `${objective.name} (key)` : objective.name,
    measurement.kind === 'measured' ? measurement.text : '–',
    pass === null ? '–' : `${formatNumber(points)} of ${formatNumber(weight)}`,
    objective.reason,
  ]
}

/** What stands below the table, one sentence each. */
export function closingLines(explanation: Explanation): readonly string[] {
  const { counterfactual, advice, baseline, window, notes } = explanation
  const lines: string[] = []
  if (advice !== null) lines.push(advice)
  if (counterfactual !== null) lines.push(counterfactual.sentence)
  if (window !== null) lines.push(`Window: ${window.start} to ${window.end}.`)
  if (baseline !== null && baseline.evaluations.length > 0) {
    lines.push(`Compared with: ${baseline.evaluations.map(({ id }) => id).join(', ')}.`)
  }
  return [...lines, ...notes.map((note) => `Note: ${note}`)]
}
