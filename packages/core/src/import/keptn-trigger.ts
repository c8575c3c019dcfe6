import type { Result } from '@tiphys/contract/event.ts'
import type { EndOfRun } from '../trigger/selector.ts'

/** How a run can end, as far as selectors may look at it. */
export type KeptnEnd = EndOfRun & { readonly lastTask: string }

export type SelectorMatch = Readonly<Record<string, string>>

/**
 * Whether Keptn 1.4 started the sequence (facts/keptn-v1.md 1.5): without selector on pass and warning; else as soon as one of two
 * keys held, `result` or `<last executed task>.result`. It knew no other key, and no `failed`.
 */
export function firedInKeptn(match: SelectorMatch, end: KeptnEnd): boolean {
  if (Object.keys(match).length === 0) return end.result === 'pass' || end.result === 'warning'
  return match['result'] === end.result || match[`${end.lastTask}.result`] === end.result
}

/** Earlier results that a selector may ask for are tried in every combination; more keys than this are not. */
const MAX_VARIED_TASKS = 6
const GOES_ON: readonly Result[] = ['pass', 'warning']
const ANY: readonly Result[] = ['pass', 'warning', 'fail']

/**
 * Every end of a sequence that the selector could tell apart: after each task with fail, after the last one with any result; tasks
 * before it passed, with or without a warning. A sequence ends with the result of its last executed task, there and here.
 */
export function endsOf(tasks: readonly string[], match: SelectorMatch): KeptnEnd[] {
  const varied = tasks.filter((task) => Object.hasOwn(match, `${task}.result`))
  const names = [...new Set(varied)].slice(0, MAX_VARIED_TASKS)
  return tasks.flatMap((lastTask, index) => {
    const before = names.filter((name) => tasks.slice(0, index).includes(name))
    const results = index === tasks.length - 1 ? ANY : (['fail'] as const)
    return combinations(before).flatMap((earlier) =>
      results.map((result) => {
        const taskResults = new Map<string, Result>(
          tasks.slice(0, index).map((task) => [task, earlier.get(task) ?? 'pass']),
        )
        taskResults.set(lastTask, result)
        return { result, lastTask, taskResults }
      }),
    )
  })
}

function combinations(names: readonly string[]): ReadonlyMap<string, Result>[] {
  return names.reduce<ReadonlyMap<string, Result>[]>(
    (found, name) =>
      found.flatMap((one) => GOES_ON.map((result) => new Map(one).set(name, result))),
    [new Map()],
  )
}
