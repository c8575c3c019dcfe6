import { strict as assert } from 'node:assert'
import { CARTS_ONLY, type FileTask } from '../shop-files.ts'
import type { Story } from '../story.ts'
import type { RunLog, RunRow } from './log-of-story.ts'
import { runsOf } from './log-of-story.ts'
import { isRetriedBy, outcomeOf, type TaskEnd, tasksOf } from './task-ends.ts'

/** An open task as this checker counts it, from the rows alone (facts/keptn-v1.md 1.4, compatibility.md). */
type OpenTask = { readonly index: number; started: number; readonly ends: TaskEnd[] }

/** Where a run stands, by the file of its commit: steps one after the other, the tasks of a step side by side (docs/adr/0004). */
type Progress = {
  readonly run: RunLog
  readonly file: readonly FileTask[]
  readonly open: Map<string, OpenTask>
  /** By index: over and not to be tried again. */
  readonly closed: Map<number, string | undefined>
  readonly attempts: Map<number, number>
  /** What the run must end with, right now. */
  mustEnd?: string
}

/** Every end of a task is counted once, and what follows from it follows at once. */
export function checkTasks(story: Story): void {
  for (const run of runsOf(story.rows)) {
    const file = tasksOf(story, run)
    if (file === undefined) continue
    const progress: Progress = {
      run,
      file,
      open: new Map(),
      closed: new Map(),
      attempts: new Map(),
    }
    // What was done before the point at which a run was taken up again.
    for (let index = 0; index < (run.start.rerun?.from ?? 0); index++)
      progress.closed.set(index, undefined)
    for (const row of run.rows) follow(progress, row)
  }
}

function follow(progress: Progress, { row, meta }: RunRow): void {
  const { run, mustEnd } = progress
  if (meta.k === 'end') {
    if (meta.cause !== 'completed') return
    const isOver = mustEnd !== undefined || progress.closed.size === progress.file.length
    assert.ok(isOver, `${run.stream} ends, and has more to do`)
    assert.equal(
      meta.result,
      mustEnd ?? worstOfLastStep(progress),
      `${run.stream} ends with what its tasks said`,
    )
    return
  }
  if (mustEnd !== undefined)
    assert.fail(`${run.stream} ends when its task is over, instead of: ${row.event.type}`)
  if (meta.k === 'task') trigger(progress, row.event.id, meta.i, meta.a)
  if (meta.k === 'skipped') {
    mayComeNow(progress, meta.i)
    assert.ok(!holds(progress, meta.i), `${run.stream} leaves out a task whose condition holds`)
    progress.closed.set(meta.i, undefined)
  }
  if (meta.k === 'started' || meta.k === 'finished' || meta.k === 'expired') {
    const id = row.event.triggeredid ?? ''
    const task = progress.open.get(id)
    assert.ok(task !== undefined, `${run.stream}: ${row.event.type} answers an open task`)
    if (meta.k === 'started') {
      task.started++
      // Services may say what they like; our own executor begins a task once, whatever the disk denied.
      const isAgain = meta.by === 'tiphys' && task.started > 1
      assert.ok(!isAgain, `${run.stream}: our executor begins ${row.event.type} again`)
    } else task.ends.push({ status: row.event.data['status'], result: row.event.data['result'] })
    const isComplete = task.ends.length >= Math.max(1, task.started)
    if (meta.k === 'expired') complete(progress, id, task.ends.slice(-1))
    else if (meta.k === 'finished' && isComplete) complete(progress, id, task.ends)
  }
}

function trigger(progress: Progress, id: string, index: number, attempt: number): void {
  const { run, attempts } = progress
  mayComeNow(progress, index)
  assert.ok(holds(progress, index), `${run.stream} triggers a task whose condition does not hold`)
  const isOpen = [...progress.open.values()].some((task) => task.index === index)
  assert.ok(!isOpen, `${run.stream} triggers task ${index} while it is open`)
  assert.equal(
    attempt,
    (attempts.get(index) ?? 0) + 1,
    `${run.stream} counts the attempts of task ${index}`,
  )
  attempts.set(index, attempt)
  progress.open.set(id, { index, started: 0, ends: [] })
}

/** Everything before its step is over, and it is not. */
function mayComeNow({ run, file, closed }: Progress, index: number): void {
  let first = index
  while (file[first]?.parallel) first--
  for (let before = 0; before < first; before++) {
    assert.ok(
      closed.has(before),
      `${run.stream} comes to task ${index} before task ${before} is over`,
    )
  }
  assert.ok(!closed.has(index), `${run.stream} comes to task ${index} again`)
}

function complete(progress: Progress, id: string, ends: readonly TaskEnd[]): void {
  const { run, file, open, closed } = progress
  const task = open.get(id)
  open.delete(id)
  if (task === undefined) return
  const outcome = outcomeOf(ends)
  const attempt = progress.attempts.get(task.index) ?? 1
  if (isRetriedBy(file[task.index], attempt, outcome)) return
  closed.set(task.index, outcome.result)
  const isFailed = outcome.result === 'fail' || outcome.status === 'errored'
  if (isFailed) progress.mustEnd = outcome.result
  else if (closed.size === file.length) progress.mustEnd = worstOfLastStep(progress)
  assert.ok(run.rows.length > 0)
}

/** Of the last step in which anything was carried out. */
function worstOfLastStep({ file, closed }: Progress): string {
  for (let last = file.length - 1; last >= 0; last--) {
    let first = last
    while (file[first]?.parallel) first--
    const results = Array.from({ length: last - first + 1 }, (_, offset) =>
      closed.get(first + offset),
    )
    const carriedOut = results.filter((result) => result !== undefined)
    last = first
    if (carriedOut.length === 0) continue
    return carriedOut.includes('warning') ? 'warning' : 'pass'
  }
  return 'pass'
}

/** The one condition that the files have. */
function holds({ run, file }: Progress, index: number): boolean {
  const condition = file[index]?.if
  if (condition === undefined) return true
  assert.equal(condition, CARTS_ONLY)
  return run.start.plan.service === 'carts'
}
