import type { FileTask } from '../shop-files.ts'
import type { Story } from '../story.ts'
import type { RunLog } from './log-of-story.ts'

/** What one handler said of its end. */
export type TaskEnd = { readonly status: unknown; readonly result: unknown }

export type Outcome = { readonly status: string; readonly result: string }

/** The tasks of a run by the file at its commit; undefined for a run that could not be planned. */
export function tasksOf(story: Story, { start }: RunLog): readonly FileTask[] | undefined {
  const { projectId, commitId, stage, sequence, tasks } = start.plan
  if (tasks.length === 0) return undefined
  const shipyard = story.shipyardAt(projectId, commitId)
  const found = shipyard?.spec.stages
    .find(({ name }) => name === stage)
    ?.sequences.find(({ name }) => name === sequence)
  // Keptn's built-in sequence.
  return found?.tasks ?? (sequence === 'evaluation' ? [{ name: 'evaluation' }] : undefined)
}

/** Facts/keptn-v1.md 1.4: one fail fails, an unknown status fails, one warning warns. */
export function outcomeOf(ends: readonly TaskEnd[]): Outcome {
  const statuses = ends.map(({ status }) => String(status))
  const results = ends.map(({ result }) => result)
  const isBad = results.some((result) => result !== 'pass' && result !== 'warning')
  const result = isBad ? 'fail' : results.includes('warning') ? 'warning' : 'pass'
  if (statuses.includes('errored')) return { status: 'errored', result }
  if (statuses.includes('aborted')) return { status: 'aborted', result }
  if (statuses.every((status) => status === 'succeeded')) return { status: 'succeeded', result }
  return { status: 'unknown', result: 'fail' }
}

/** Whether the file wants one more attempt after this one. */
export function isRetriedBy(
  task: FileTask | undefined,
  attempt: number,
  outcome: Outcome,
): boolean {
  const retry = task?.retry
  if (retry === undefined || attempt > retry.times) return false
  if (outcome.status === 'errored') return retry.on.includes('errored')
  return outcome.status === 'succeeded' && outcome.result === 'fail' && retry.on.includes('fail')
}
