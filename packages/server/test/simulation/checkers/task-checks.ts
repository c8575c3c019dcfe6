import { strict as assert } from 'node:assert'
import type { StoredEvent } from '../../../src/ports/store.ts'
import type { Story } from '../story.ts'
import { metaOf, type RunLog, type RunRow, runsOf } from './log-of-story.ts'

/** An open task as this checker counts it, from the rows alone (facts/keptn-v1.md 1.4, compatibility.md). */
type Task = {
  readonly stream: string
  readonly name: string
  readonly carrier: string
  started: number
  readonly finished: { readonly status: unknown; readonly result: unknown }[]
}

/** Every end of a task is counted once, and what follows from it follows at once. */
export function checkTasks(story: Story): void {
  for (const run of runsOf(story.rows)) checkRun(run)
  if (!story.swarm.faults.has('two-owners')) answersReachTheirRun(story)
}

function checkRun(run: RunLog): void {
  const open = new Map<string, Task>()
  for (const [index, { row, meta }] of run.rows.entries()) {
    const { event } = row
    if (meta.k === 'task') {
      assert.equal(open.size, 0, `${run.stream} triggers ${event.type} while a task is open`)
      open.set(event.id, taskOf(run.stream, event.type, run.start.plan.tasks[meta.i]?.carrier))
    }
    const task = open.get(event.triggeredid ?? '')
    if (meta.k === 'started' || meta.k === 'finished' || meta.k === 'expired') {
      assert.ok(task !== undefined, `${run.stream}: ${event.type} answers an open task`)
      if (meta.k === 'started') task.started++
      else task.finished.push({ status: event.data['status'], result: event.data['result'] })
      const isComplete = task.finished.length >= Math.max(1, task.started)
      if (meta.k === 'expired' || (meta.k === 'finished' && isComplete)) {
        open.delete(event.triggeredid ?? '')
        const one = meta.k === 'expired' ? task.finished.slice(-1) : task.finished
        followsAtOnce(run, index, one)
      }
    }
  }
}

/** A task that failed ends its run in the same commit, and so does the last one of the plan. */
function followsAtOnce(run: RunLog, index: number, finished: Task['finished']): void {
  const results = finished.map(({ result }) => result)
  const statuses = finished.map(({ status }) => status)
  const isUnknown = !statuses.every((status) =>
    ['succeeded', 'aborted', 'errored'].includes(String(status)),
  )
  const isFailed = isUnknown || results.some((result) => result !== 'pass' && result !== 'warning')
  const isOver = isFailed || statuses.includes('errored') || isLastTask(run, index)
  const next = run.rows[index + 1]
  if (!isOver) {
    const name = run.rows[index]?.row.event.type
    const goesOn = next?.meta.k !== 'end' || next.meta.cause !== 'completed'
    assert.ok(goesOn, `${run.stream} ends after ${name}, and has more to do`)
    return
  }
  assert.equal(next?.meta.k, 'end', `${run.stream} ends when its task is over`)
  const wanted = isFailed ? 'fail' : results.includes('warning') ? 'warning' : 'pass'
  assert.equal(
    next?.row.event.data['result'],
    wanted,
    `${run.stream} ends with what its tasks said`,
  )
}

function isLastTask(run: RunLog, index: number): boolean {
  const meta: RunRow['meta'] | undefined = run.rows[index]?.meta
  const i = meta !== undefined && 'i' in meta ? meta.i : -1
  return i === run.start.plan.tasks.length - 1
}

function taskOf(stream: string, type: string, carrier: string | undefined): Task {
  return {
    stream,
    name: type.split('.')[3] ?? '',
    carrier: carrier ?? '',
    started: 0,
    finished: [],
  }
}

/** No answer to an open task lies in the inbox instead. */
function answersReachTheirRun({ rows }: Story): void {
  const open = new Map<string, Task>()
  for (const row of rows) {
    if (row.stream.startsWith('run/')) follow(open, row)
    else if (row.stream.startsWith('inbox')) {
      const task = open.get(row.event.triggeredid ?? '')
      const [, , , name, ...action] = row.event.type.split('.')
      if (task === undefined || task.name !== name) continue
      const isKnown = ['started', 'finished', 'status.changed'].includes(action.join('.'))
      const isOurs = task.carrier === 'tiphys'
      const mayAnswer = !isOurs || (name === 'approval' && action[0] === 'finished')
      assert.ok(!(isKnown && mayAnswer), `${row.event.type} ${row.event.id} was lost in the inbox`)
    }
  }
}

function follow(open: Map<string, Task>, row: StoredEvent): void {
  const meta = metaOf(row)
  const id = row.event.triggeredid ?? ''
  const task = open.get(id)
  if (meta.k === 'task') {
    const carrier = carriers.get(row.stream)?.[meta.i]
    open.set(row.event.id, taskOf(row.stream, row.event.type, carrier))
  }
  if (meta.k === 'start')
    carriers.set(
      row.stream,
      meta.plan.tasks.map((one) => one.carrier),
    )
  if (meta.k === 'started' && task !== undefined) task.started++
  if (meta.k === 'finished' && task !== undefined) {
    task.finished.push({ status: '', result: '' })
    if (task.finished.length >= Math.max(1, task.started)) open.delete(id)
  }
  if (meta.k === 'expired') open.delete(id)
  if (meta.k === 'end') {
    for (const [key, one] of open) if (one.stream === row.stream) open.delete(key)
  }
}

const carriers = new Map<string, readonly string[]>()
