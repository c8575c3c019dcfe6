import { strict as assert } from 'node:assert'
import { parseDuration } from '@tiphys/contract/duration.ts'
import type { FileTask } from '../shop-files.ts'
import type { Story } from '../story.ts'
import { type RunLog, type RunRow, runsOf } from './log-of-story.ts'
import { tasksOf } from './task-ends.ts'

const NO_ANSWER_MS = 10 * 60 * 1000

/** Nothing is given up or begun early, and late only by what was wrong with clock, disk and process. */
export function checkDeadlines(story: Story): void {
  // Two owners answer for each other's tasks without knowing it; of a clock that was set back nobody can say what is early.
  if (story.swarm.faults.has('two-owners') || story.wasSetBack) return
  for (const run of runsOf(story.rows)) {
    const file = tasksOf(story, run)
    if (file !== undefined) delaysAreKept(run, file)
    for (const [index, { row, meta }] of run.rows.entries()) {
      if (meta.k !== 'expired') continue
      const task = run.rows.find((one) => one.row.event.id === row.event.triggeredid)
      assert.ok(task !== undefined, `${run.stream}: a task that expires was triggered`)
      const deadlineMs = deadlineOf(run, task, run.rows.slice(0, index))
      const lateMs = row.timeMs - deadlineMs
      assert.ok(lateMs >= 0, `${run.stream} gives up ${row.event.type} ${-lateMs} ms early`)
      assert.ok(
        lateMs <= story.excusedMs,
        `${run.stream} gives up ${row.event.type} ${lateMs} ms late, ${story.excusedMs} ms are excused`,
      )
    }
  }
}

/** Behaviour.md 3: ten minutes to the answer, then the task's own time; both stand still while the run is paused or the task blocked. */
function deadlineOf(run: RunLog, task: RunRow, before: readonly RunRow[]): number {
  const dueMs = task.row.timeMs
  const index = task.meta.k === 'task' ? task.meta.i : 0
  const finishMs = run.start.plan.tasks[index]?.finishMs ?? 0
  const ofTask = before.filter(({ row }) => row.event.triggeredid === task.row.event.id)
  const isAnswered = ofTask.some(({ meta }) => ['started', 'changed', 'finished'].includes(meta.k))
  const allowedMs = isAnswered ? finishMs : Math.min(NO_ANSWER_MS, finishMs)
  return dueMs + allowedMs + stoodStillMs(before, task, dueMs)
}

/** How long the task's clock stood still: the time that is in a pause, in a block, or in both. */
function stoodStillMs(before: readonly RunRow[], task: RunRow, dueMs: number): number {
  let sinceMs: number | undefined
  let isPaused = false
  let isBlocked = false
  let totalMs = 0
  for (const { row, meta } of before) {
    const isOfTask = row.event.triggeredid === task.row.event.id
    if (meta.k === 'paused') isPaused = true
    if (meta.k === 'resumed') isPaused = false
    if (isOfTask && meta.k === 'changed') isBlocked = meta.blocked === true
    if (isOfTask && meta.k === 'started') isBlocked = false
    const stands = isPaused || isBlocked
    if (stands && sinceMs === undefined) sinceMs = row.timeMs
    if (!stands && sinceMs !== undefined) {
      totalMs += Math.max(0, row.timeMs - Math.max(dueMs, sinceMs))
      sinceMs = undefined
    }
  }
  return totalMs
}

/** `triggeredAfter` counts from the trigger of the run, or from the end of the step before; a retry from the end of the attempt before. */
function delaysAreKept(run: RunLog, file: readonly FileTask[]): void {
  const last = new Map<number, number>()
  const begunMs = run.rows[0]?.row.timeMs ?? 0
  for (const { row, meta } of run.rows) {
    if (meta.k === 'finished' || meta.k === 'expired' || meta.k === 'skipped')
      last.set(meta.i, row.timeMs)
    if (meta.k !== 'task') continue
    const task = file[meta.i]
    let first = meta.i
    while (file[first]?.parallel) first--
    const before = [...last].filter(([index]) => index < first).map(([, endedMs]) => endedMs)
    const fromMs = meta.a === 1 ? Math.max(begunMs, ...before) : (last.get(meta.i) ?? begunMs)
    const waitMs =
      parseDuration((meta.a === 1 ? task?.triggeredAfter : task?.retry?.after) ?? '0') ?? 0
    const soakMs = meta.i === 0 ? (run.start.soak?.untilMs ?? 0) : 0
    const earlyMs = Math.max(fromMs + waitMs, soakMs) - row.timeMs
    assert.ok(earlyMs <= 0, `${run.stream} triggers ${row.event.type} ${earlyMs} ms early`)
  }
}
