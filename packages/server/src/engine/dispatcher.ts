import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { deadlineOf } from '@tiphys/core/sequence/deadlines.ts'
import type { RunInput } from '@tiphys/core/sequence/decide-run.ts'
import type { OpenRun, OpenTask } from '@tiphys/core/sequence/run-state.ts'
import {
  SERVER_STOPS,
  type TaskAnswer,
  type TaskExecutor,
  type TaskJob,
} from '../executors/executor.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { ProjectSnapshot } from './project-snapshot.ts'
import { type TaskWatch, watchTask } from './task-watch.ts'

/**
 * Starts and cancels executors. What is to be done follows from the open runs alone: after a restart every open task of ours is started
 * again, and its executor looks whether the work already happened (effects are at least once).
 */
export type Dispatcher = {
  /** Makes the executors at work those of the run's open tasks: starts what is new, cancels what is over. */
  reconcile(runId: string, run: OpenRun | undefined): void
  /** The same for every run that has an executor at work: what ended while nobody was told is cancelled. */
  reconcileAll(runOf: (runId: string) => OpenRun | undefined): void
  /** How many executors are at work. */
  busy(): number
  /** Cancels all and waits until each has returned. */
  close(): Promise<void>
}

export type DispatcherParts = {
  readonly executors: readonly TaskExecutor[]
  readonly clock: Clock
  readonly log: Log
  readonly snapshotOf: (run: OpenRun) => Promise<ProjectSnapshot>
  /** Hands a report to the run; resolves when it is on disk. */
  readonly report: (runId: string, input: RunInput) => Promise<void>
  /** The task as it is now, or undefined when it is over. */
  readonly taskNow: (triggeredId: string) => OpenTask | undefined
}

type Work = {
  readonly controller: AbortController
  readonly done: Promise<void>
  readonly watch: TaskWatch
}

/** Between tries to write a report when the disk refuses. */
const REPORT_RETRY_MS = 1_000

export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const executors = new Map(parts.executors.map((executor) => [executor.task, executor]))
  const work = new Map<string, Map<string, Work>>()
  let isClosed = false

  function begin(run: OpenRun, task: OpenTask): void {
    const executor = executors.get(task.name)
    if (executor === undefined || run.plan.tasks[task.index]?.carrier !== 'tiphys') return
    const controller = new AbortController()
    const { signal } = controller
    const watch = watchTask(task, signal)
    const done = carryOut(parts, executor, { run, task, signal, watch })
      .catch((error: unknown) => {
        if (!signal.aborted) {
          parts.log.error(
            { error, runId: run.runId, task: task.name },
            'an executor could not report',
          )
        }
      })
      .finally(() => {
        const tasks = work.get(run.runId)
        tasks?.delete(task.event.id)
        if (tasks?.size === 0) work.delete(run.runId)
      })
    const tasks = work.get(run.runId) ?? new Map<string, Work>()
    work.set(run.runId, tasks.set(task.event.id, { controller, done, watch }))
  }

  function reconcile(runId: string, run: OpenRun | undefined): void {
    if (isClosed) return
    const open = new Map((run?.open ?? []).map((task) => [task.event.id, task]))
    const known = work.get(runId)
    for (const [triggeredId, { controller, watch }] of known ?? []) {
      const task = open.get(triggeredId)
      if (task === undefined) controller.abort(new Error('the task is over'))
      else watch.update(task)
    }
    if (run === undefined) return
    for (const [triggeredId, task] of open) {
      if (!known?.has(triggeredId) && !isLeftOpen(task)) begin(run, task)
    }
  }

  return {
    reconcile,
    reconcileAll(runOf) {
      for (const runId of [...work.keys()]) reconcile(runId, runOf(runId))
    },
    busy: () => [...work.values()].reduce((sum, tasks) => sum + tasks.size, 0),
    async close() {
      isClosed = true
      const all = [...work.values()].flatMap((tasks) => [...tasks.values()])
      for (const { controller } of all) controller.abort(new Error(SERVER_STOPS))
      await Promise.allSettled(all.map(({ done }) => done))
    },
  }
}

/** Its executor returned and left it to somebody else (an approval): a note says so, so that it is not begun again. */
const LEFT_OPEN = 'task.left-open'

function isLeftOpen(task: OpenTask): boolean {
  return task.notes.some((note) => note.type === LEFT_OPEN)
}

/** A task that is carried out. */
type Attempt = {
  readonly run: OpenRun
  readonly task: OpenTask
  readonly signal: AbortSignal
  readonly watch: TaskWatch
}

async function carryOut(
  parts: DispatcherParts,
  executor: TaskExecutor,
  attempt: Attempt,
): Promise<void> {
  const { run, task, signal } = attempt
  const report = (input: RunInput) => reportUntilWritten(parts, run.runId, input, signal)
  const triggeredId = task.event.id
  const message = (action: 'started' | 'finished', data: JsonObject) =>
    report({ type: 'report', triggeredId, action, source: executor.source, data })
  if (!task.started.some((one) => one.source === executor.source)) {
    await message('started', { status: 'succeeded', message: '' })
  }
  const answer = await answerOf(parts, executor, attempt, report)
  if (signal.aborted) return
  if (answer.code === 'left-open') {
    await report({
      type: 'note',
      triggeredId,
      noteType: LEFT_OPEN,
      note: { message: answer.message },
    })
    return
  }
  const { status, result } = answer
  await message('finished', { ...answer.data, status, result, message: answer.message })
}

async function answerOf(
  parts: DispatcherParts,
  executor: TaskExecutor,
  attempt: Attempt,
  report: (input: RunInput) => Promise<void>,
): Promise<TaskAnswer> {
  const { run, task, signal } = attempt
  try {
    const snapshot = await parts.snapshotOf(run)
    return await executor.execute(jobOf(parts, executor, attempt, snapshot, report))
  } catch (error) {
    if (!signal.aborted) {
      parts.log.error(
        { error, runId: run.runId, task: task.name },
        'an executor failed unexpectedly',
      )
    }
    const reason = error instanceof Error ? error.message : String(error)
    const message = `${task.name} failed unexpectedly: ${reason}`
    return { code: 'finished', status: 'errored', result: 'fail', message }
  }
}

function jobOf(
  parts: DispatcherParts,
  { source }: TaskExecutor,
  { run, task, signal, watch }: Attempt,
  snapshot: ProjectSnapshot,
  report: (input: RunInput) => Promise<void>,
): TaskJob {
  const { plan } = run
  const triggeredId = task.event.id
  const now = () => parts.taskNow(triggeredId) ?? task
  const { index, attempt, name } = task
  return {
    runId: run.runId,
    context: run.context,
    projectId: plan.projectId,
    project: plan.project,
    stage: plan.stage,
    service: plan.service,
    sequence: plan.sequence,
    task: { name, index, attempt, triggeredId },
    properties: plan.tasks[index]?.properties ?? {},
    data: task.event.data,
    snapshot,
    dueMs: task.dueMs,
    get deadlineMs() {
      return deadlineOf(now())
    },
    ...(run.origin === undefined ? {} : { origin: run.origin }),
    signal,
    notes: (type) =>
      now()
        .notes.filter((note) => note.type === type)
        .map((note) => note.data),
    note: (type, note) => report({ type: 'note', triggeredId, noteType: type, note }),
    async ask(question) {
      await report({ type: 'ask', triggeredId, source, ...question })
      return await watch.until(
        ({ questions }) => questions.find(({ key }) => key === question.key)?.reply,
      )
    },
    progress: (message, options) =>
      report({
        type: 'report',
        triggeredId,
        action: 'status.changed',
        source: 'tiphys',
        data: { ...options?.data, message, status: 'succeeded' },
        ...(options?.blocked ? { blocked: true } : {}),
      }),
  }
}

/** A report is never given up while its task is open: the disk may be full for an hour. */
async function reportUntilWritten(
  parts: DispatcherParts,
  runId: string,
  input: RunInput,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      return await parts.report(runId, input)
    } catch (error) {
      if (signal.aborted) throw error
      parts.log.warn({ error, runId }, 'a report could not be written, trying again')
      await parts.clock.sleep(REPORT_RETRY_MS, signal)
    }
  }
}

/** The object under a key of event data, {} when it is something else. */
export function objectAt(data: JsonObject, key: string): JsonObject {
  const value = data[key]
  return value !== undefined && isJsonObject(value) ? value : {}
}
