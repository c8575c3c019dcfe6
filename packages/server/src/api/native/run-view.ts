import type { Run, RunTask, Waiting } from '@tiphys/contract/http/native-run.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import type { WaitingReason } from '@tiphys/core/sequence/why.ts'
import type { RunDocument, TaskDocument } from '../../projections/runs-document.ts'
import { judgeRun } from '../verdict.ts'

/** What only the engine knows about runs that are not over. */
export type LiveState = {
  readonly waitingForLane: ReadonlySet<string>
  readonly reasons: readonly WaitingReason[]
}

/** A run as our API shows it: times as text, tasks that are still to come among the others. */
export function runView(run: RunDocument, live: LiveState): Run {
  const { end } = run
  const judgement = judgeRun(run)
  const isWaiting = run.state === 'triggered' && live.waitingForLane.has(run.runId)
  return {
    id: run.runId,
    context: run.context,
    project: run.project,
    stage: run.stage,
    service: run.service,
    sequence: run.sequence,
    state: isWaiting ? 'waiting' : run.state,
    open: end === undefined,
    ...judgement,
    triggeredAt: formatTimestamp(run.triggeredMs),
    ...(run.endedMs === undefined ? {} : { endedAt: formatTimestamp(run.endedMs) }),
    ...(end === undefined
      ? {}
      : { status: end.status, result: end.result, message: end.message, cause: end.cause }),
    by: run.by,
    ...(end?.by === undefined ? {} : { endedBy: end.by }),
    ...(run.pausedBy === undefined ? {} : { pausedBy: run.pausedBy }),
    ...(run.degraded === undefined
      ? {}
      : { degraded: { message: run.degraded.message, at: formatTimestamp(run.degraded.atMs) } }),
    source: run.source,
    ...(run.parent === undefined ? {} : { parent: run.parent }),
    ...(run.rerun === undefined
      ? {}
      : { rerun: { of: run.rerun.of, fromTask: run.rerun.fromTask } }),
    ...(run.soakUntilMs === undefined ? {} : { soakUntil: formatTimestamp(run.soakUntilMs) }),
    ...freezeOverride(run),
    ...(run.origin === undefined ? {} : { origin: run.origin }),
    ...(run.labels === undefined ? {} : { labels: run.labels }),
    ...(run.image === undefined ? {} : { image: run.image }),
    commitId: run.commitId,
    tasks: tasksView(run),
    waiting: live.reasons.filter((reason) => reason.runId === run.runId).map(waitingView),
  }
}

export function waitingView(reason: WaitingReason): Waiting {
  const { sinceMs, untilMs, ...rest } = reason
  return {
    ...rest,
    since: formatTimestamp(sinceMs),
    ...(untilMs === undefined ? {} : { until: formatTimestamp(untilMs) }),
  }
}

function freezeOverride({ unfrozen }: RunDocument) {
  if (unfrozen === undefined) return {}
  const { by, reason, atMs } = unfrozen
  return { freezeOverride: { by, reason, at: formatTimestamp(atMs) } }
}

/** What a task is that this run did not trigger, or not yet. */
function untriggered(run: RunDocument, index: number): RunTask['state'] {
  if (index < (run.rerun?.from ?? 0)) return 'carried'
  return run.skipped?.includes(index) ? 'skipped' : 'planned'
}

function tasksView(run: RunDocument): RunTask[] {
  return run.planned.flatMap((name, index) => {
    const carrier = run.carriers[index] ?? 'nobody'
    const triggered = run.tasks.filter((task) => task.index === index)
    if (triggered.length === 0) {
      return [{ index, name, state: untriggered(run, index), carrier, answers: [] }]
    }
    return triggered.map((task) => taskView(task, carrier))
  })
}

function taskView(task: TaskDocument, carrier: string): RunTask {
  const { outcome, progress, evaluation } = task
  return {
    index: task.index,
    name: task.name,
    state: outcome === undefined ? 'open' : 'done',
    carrier,
    attempt: task.attempt,
    triggeredId: task.triggeredId,
    triggeredAt: formatTimestamp(task.triggeredMs),
    answerBy: formatTimestamp(task.answerByMs),
    finishBy: formatTimestamp(task.finishByMs),
    answers: task.answers.map(({ atMs, ...answer }) => ({ ...answer, at: formatTimestamp(atMs) })),
    ...(progress === undefined
      ? {}
      : { progress: { message: progress.message, at: formatTimestamp(progress.atMs) } }),
    ...(outcome === undefined
      ? {}
      : {
          status: outcome.status,
          result: outcome.result,
          message: outcome.message,
          endedAt: formatTimestamp(outcome.endedMs),
          expired: outcome.expired,
        }),
    ...(evaluation === undefined ? {} : { evaluation }),
  }
}
