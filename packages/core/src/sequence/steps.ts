import type { JsonObject } from '@tiphys/contract/json.ts'
import { mergeData } from '../merge/merge.ts'
import type { PlannedTask, RetryRule, RunPlan } from './plan.ts'
import type { Finished, NextTask, OpenRun, Outcome, StepPart } from './run-state.ts'

/**
 * Tasks that start together are one step: a task and the ones behind it that say `parallel`. The next step starts when every task of
 * this one is done or left out. What a step brought is merged in the order of the file, whoever was faster: a replay on another
 * machine, or a second run of the same version, sees the same data.
 *
 *   step 0: deployment      step 1: test ║ scan ║ load      step 2: evaluation
 */
export type Step = { readonly first: number; readonly last: number }

export function stepOf(tasks: readonly PlannedTask[], index: number): Step {
  let first = index
  while (first > 0 && tasks[first]?.parallel) first -= 1
  let last = index
  while (tasks[last + 1]?.parallel) last += 1
  return { first, last }
}

/** Every task of the step that begins with `index`, each at its own due time. */
export function stepFrom(plan: RunPlan, index: number, nowMs: number): readonly NextTask[] {
  const { tasks } = plan
  if (index >= tasks.length) return []
  const { last } = stepOf(tasks, index)
  return tasks.slice(index, last + 1).map((task, offset) => ({
    index: index + offset,
    attempt: 1,
    dueMs: nowMs + task.afterMs,
  }))
}

/** Goes on to the next step, or to the end, when nothing of the step with this task is left. */
export function closeStep(run: OpenRun, index: number, nowMs: number): OpenRun {
  if (run.open.length > 0 || run.next.length > 0) return run
  const after = collect(run)
  if (run.degraded !== undefined) return { ...after, ending: failedBecause(run.degraded) }
  const following = stepOf(run.plan.tasks, index).last + 1
  if (following >= run.plan.tasks.length) return { ...after, ending: after.outcome ?? NOTHING_DONE }
  return { ...after, next: stepFrom(run.plan, following, nowMs) }
}

const NOTHING_DONE: Outcome = {
  status: 'succeeded',
  result: 'pass',
  message: 'every task was left out by its condition',
}

/** Lays what the step brought onto the payload. */
export function collect(run: OpenRun): OpenRun {
  if (run.collected.length === 0) return run
  const parts = run.collected.toSorted((left, right) => left.index - right.index)
  const outcome = worstOf(parts)
  const merged = parts
    .flatMap((part) => part.finished)
    .reduce((payload, one) => mergeData(payload, withoutExplanation(one.data)), run.payload)
  const { result, status } = outcome
  return {
    ...run,
    collected: [],
    outcome,
    payload: { ...scoped(merged, run.plan), result, status },
  }
}

/** What the step came to is what its worst task came to; of equals the first in the file. */
function worstOf(parts: readonly StepPart[]): Outcome {
  const [first, ...others] = parts.map((part) => part.outcome)
  return others.reduce(
    (worst: Outcome, one) => (rank(one) > rank(worst) ? one : worst),
    first ?? NOTHING_DONE,
  )
}

const RESULT_RANK = { pass: 0, warning: 1, fail: 2 }
const STATUS_RANK = { succeeded: 0, aborted: 1, unknown: 2, errored: 3 }
const STATUSES = 4

function rank({ result, status }: Outcome): number {
  return RESULT_RANK[result] * STATUSES + STATUS_RANK[status]
}

/** Whether a task that came to this is triggered once more (A7). */
export function isRetried(
  retry: RetryRule | undefined,
  attempt: number,
  { status, result }: Outcome,
): retry is RetryRule {
  if (retry === undefined || attempt > retry.times) return false
  if (status === 'errored') return retry.on.includes('errored')
  return status === 'succeeded' && result === 'fail' && retry.on.includes('fail')
}

export function failedBecause(message: string): Outcome {
  return { status: 'succeeded', result: 'fail', message }
}

/** Whatever a service answers, a run stays in its project, stage and service. */
export function scoped(
  data: JsonObject,
  plan: { readonly project: string; readonly stage: string; readonly service: string },
): JsonObject {
  return { ...data, project: plan.project, stage: plan.stage, service: plan.service }
}

/** The report of an evaluation stays on its own event: carried along it would grow with every stage. */
function withoutExplanation(data: Finished['data']): JsonObject {
  if (!('explanation' in data)) return data
  const { explanation: _, ...rest } = data
  return rest
}
