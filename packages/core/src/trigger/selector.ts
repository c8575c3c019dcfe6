import type { Result } from '@tiphys/contract/event.ts'
import type { DownstreamRule } from '../sequence/plan.ts'

/** What a selector may look at: the end of the run and the tasks that were executed in it. */
export type EndOfRun = {
  readonly result: Result
  /** Result by task name; of a task that ran twice, the later one. */
  readonly taskResults: ReadonlyMap<string, Result>
}

/**
 * Whether a `triggeredOn` fires (facts/keptn-v1.md 1.5, mended in compatibility.md): without selector on pass and warning;
 * with one, every key must hold. `fail` and `failed` mean the same. A key that names nothing executed never holds.
 */
export function fires(rule: DownstreamRule, end: EndOfRun): boolean {
  if (rule.match === undefined) return end.result === 'pass' || end.result === 'warning'
  return Object.entries(rule.match).every(([key, wanted]) => resultOf(key, end) === plain(wanted))
}

function resultOf(key: string, end: EndOfRun): Result | undefined {
  if (key === 'result') return end.result
  const task = /^(.+)\.result$/.exec(key)?.[1]
  return task === undefined ? undefined : end.taskResults.get(task)
}

function plain(word: string): string {
  return word === 'failed' ? 'fail' : word
}
