import type { FileTrigger } from '../shop-files.ts'
import type { RunLog } from './log-of-story.ts'
import { outcomeOf, type TaskEnd } from './task-ends.ts'

/** Abort, supersede, and an approval that nobody answered trigger nothing (behaviour.md 3). */
function wasStopped(run: RunLog): boolean {
  const end = run.rows.at(-1)
  if (end?.row.event.data['status'] === 'aborted') return !endsByItsLastTask(run)
  const before = run.rows.at(-2)
  const isApproval = before?.row.event.type === 'sh.keptn.event.approval.finished'
  return before?.meta.k === 'expired' && isApproval
}

/** A service may say `aborted` of its own task: that is an end like any other, unless it failed too: then somebody replaced it. */
function endsByItsLastTask(run: RunLog): boolean {
  const before = run.rows.at(-2)
  return before?.meta.k === 'finished' && run.rows.at(-1)?.row.event.data['result'] !== 'fail'
}

/** Whether the end of a run fires an entry of `triggeredOn`, by its selector alone. */
export function isWanted({ selector }: Pick<FileTrigger, 'selector'>, run: RunLog): boolean {
  const result = String(run.rows.at(-1)?.row.event.data['result'])
  return holds(selector?.match, result, resultsOfTasks(run))
}

/** A run that triggered nothing, or was stopped, triggers nothing. */
export function mayTrigger(run: RunLog): boolean {
  return run.rows.some(({ meta }) => meta.k === 'task') && !wasStopped(run)
}

function resultsOfTasks(run: RunLog): ReadonlyMap<string, string> {
  const results = new Map(run.start.rerun?.done.map(({ name, result }) => [name, String(result)]))
  const open = new Map<string, { started: number; ends: TaskEnd[] }>()
  for (const { row, meta } of run.rows) {
    if (meta.k === 'task') open.set(row.event.id, { started: 0, ends: [] })
    const task = open.get(row.event.triggeredid ?? '')
    if (task === undefined) continue
    if (meta.k === 'started') task.started++
    if (meta.k !== 'finished' && meta.k !== 'expired') continue
    const { data } = row.event
    task.ends.push({ status: data['status'], result: data['result'] })
    if (meta.k === 'finished' && task.ends.length < Math.max(1, task.started)) continue
    const name = row.event.type.split('.')[3] ?? ''
    results.set(name, meta.k === 'expired' ? 'fail' : outcomeOf(task.ends).result)
  }
  return results
}

function holds(
  match: Readonly<Record<string, string>> | undefined,
  result: string,
  tasks: ReadonlyMap<string, string>,
): boolean {
  if (match === undefined) return result === 'pass' || result === 'warning'
  return Object.entries(match).every(([key, word]) => {
    const wanted = word === 'failed' ? 'fail' : word
    return key === 'result' ? result === wanted : tasks.get(key.replace(/\.result$/, '')) === wanted
  })
}
