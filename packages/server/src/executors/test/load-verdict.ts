import type { Result } from '@tiphys/contract/event.ts'
import type { LoadTestPlan } from '@tiphys/contract/test-plan.ts'
import { formatFigure } from '@tiphys/contract/test-threshold.ts'
import { figuresOf, type LoadFigures, type Tally } from '@tiphys/core/load/tally.ts'
import { judgeThresholds } from '@tiphys/core/load/thresholds.ts'
import type { LoadReport } from './load-run.ts'

export type LoadVerdict = {
  readonly result: Result
  readonly figures: LoadFigures
  /** `598 requests, 19.9/s, p50 12 ms, p95 41 ms, errors 0.2 %`. */
  readonly summary: string
  /** What made it warn or fail, worst first; and remarks a reader of the figures needs. */
  readonly reasons: readonly string[]
}

/** Later than this the generator itself was part of what it measured, and says so. */
const LATE_MS = 50

/**
 * The result of a load test: that of its thresholds; without them it only measures. It fails whatever they say when no request at all
 * was answered as wanted, and warns when arrivals were dropped that no threshold speaks of: the figures are then too good.
 */
export function judgeLoad(test: LoadTestPlan, report: LoadReport): LoadVerdict {
  const { tally, measuredMs } = report
  const figures = figuresOf(tally, measuredMs)
  const judged = judgeThresholds(test.load.thresholds, figures)
  const failed = judged.filter((one) => one.result === 'fail').map((one) => one.sentence)
  const warned = judged.filter((one) => one.result === 'warning').map((one) => one.sentence)
  const total = figures['requests'] ?? 0
  const isNothingRight = (figures['failures'] ?? 0) === total
  if (isNothingRight) {
    const often = total === 0 ? 'no request was sent' : `none of ${total} requests succeeded`
    failed.unshift(`${often}${reasonList(tally)}`)
  } else if (failed.length > 0 && (figures['failures'] ?? 0) > 0) {
    failed.push(`failures${reasonList(tally)}`)
  }
  const isDroppedJudged = test.load.thresholds.some(({ figure }) => figure === 'dropped')
  if (tally.dropped > 0 && !isDroppedJudged) warned.push(droppedSentence(tally.dropped))
  const result = failed.length > 0 ? 'fail' : warned.length > 0 ? 'warning' : 'pass'
  const reasons = [...failed, ...warned, ...remarks(figures, report)]
  return { result, figures, summary: summaryOf(figures), reasons }
}

/** What a person wants to see at a glance, also while the test runs. */
export function summaryOf(figures: LoadFigures): string {
  const parts = [`${figures['requests'] ?? 0} requests`]
  if (figures['rps'] !== undefined) parts.push(formatFigure(figures['rps'], 'rate'))
  for (const percent of ['p50', 'p95'] as const) {
    const valueMs = figures[`response_time_${percent}`]
    if (valueMs !== undefined) parts.push(`${percent} ${formatFigure(valueMs, 'time')}`)
  }
  if (figures['error_rate'] !== undefined) {
    parts.push(`errors ${formatFigure(figures['error_rate'], 'percent')}`)
  }
  return parts.join(', ')
}

function droppedSentence(dropped: number): string {
  return `${dropped} requests were not sent because as many as allowed (maxConcurrent) were in flight, so the figures are better than what users would see`
}

function remarks(figures: LoadFigures, report: LoadReport): string[] {
  const lateMs = figures['send_delay_p99'] ?? 0
  const late = `the generator was up to ${formatFigure(lateMs, 'time')} late, which the response times contain`
  const held = `${report.heldBack} requests were held back by the highest rate allowed`
  return [...(lateMs > LATE_MS ? [late] : []), ...(report.heldBack > 0 ? [held] : [])]
}

/** `: 598 × ECONNREFUSED, 2 × timeout`. */
function reasonList(tally: Tally): string {
  const limit = 3
  const reasons = Object.entries(tally.reasons).toSorted(([, left], [, right]) => right - left)
  const list = reasons.slice(0, limit).map(([reason, count]) => `${count} × ${reason}`)
  return list.length === 0 ? '' : `: ${list.join(', ')}`
}
