import type { Result } from '@tiphys/contract/event.ts'
import {
  type Criterion,
  formatCriterion,
  formatFigure,
  THRESHOLD_FIGURES,
  type Threshold,
} from '@tiphys/contract/test-threshold.ts'
import { unreachable } from '../assert.ts'

export type JudgedThreshold = {
  readonly result: Result
  /** `response_time_p95 is 612 ms, not <500 ms`: for every result, so that a report can show them all. */
  readonly sentence: string
}

/**
 * Holds figures against thresholds. A figure that was not measured fails its threshold: no data is never a pass.
 */
export function judgeThresholds(
  thresholds: readonly Threshold[],
  figures: Readonly<Record<string, unknown>>,
): readonly JudgedThreshold[] {
  return thresholds.map((threshold) => judge(threshold, figures[threshold.figure]))
}

function judge(threshold: Threshold, value: unknown): JudgedThreshold {
  const { figure, pass, warning } = threshold
  const kind = THRESHOLD_FIGURES[figure]
  const wanted = formatCriterion(pass, kind)
  if (typeof value !== 'number') {
    return { result: 'fail', sentence: `${figure} was not measured, and should be ${wanted}` }
  }
  const actual = `${figure} is ${formatFigure(value, kind)}`
  if (holds(pass, value)) return { result: 'pass', sentence: `${actual} (${wanted})` }
  const result = warning !== undefined && holds(warning, value) ? 'warning' : 'fail'
  return { result, sentence: `${actual}, not ${wanted}` }
}

function holds(criterion: Criterion, value: number): boolean {
  switch (criterion.operator) {
    case '<':
      return value < criterion.value
    case '<=':
      return value <= criterion.value
    case '>':
      return value > criterion.value
    case '>=':
      return value >= criterion.value
    case '=':
      return value === criterion.value
    default:
      return unreachable(criterion.operator)
  }
}
