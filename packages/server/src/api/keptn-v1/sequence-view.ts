import type {
  SequenceExecution,
  SequenceState,
  SequenceStateStage,
} from '@tiphys/contract/http/keptn-sequence.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import type { WaitingReason } from '@tiphys/core/sequence/why.ts'
import type { ContextDocument } from '../../projections/runs-by-context.ts'
import type { EventReference, RunDocument, TaskDocument } from '../../projections/runs-document.ts'
import { waitingView } from '../native/run-view.ts'

/** Keptn's view of a context: its stages in the order they began, each told by its newest run (facts/keptn-v1.md 1.4). */
export function sequenceState(
  context: ContextDocument,
  runs: readonly RunDocument[],
  waiting: ReadonlySet<string>,
  reasons: readonly WaitingReason[],
): SequenceState {
  const isWaiting = context.state === 'triggered' && runs.some((run) => waiting.has(run.runId))
  const problemTitle = runs.find((run) => run.problemTitle !== undefined)?.problemTitle
  return {
    name: context.name,
    service: context.service,
    project: context.project,
    time: formatTimestamp(context.startedMs),
    shkeptncontext: context.context,
    state: isWaiting ? 'waiting' : context.state,
    stages: [...Map.groupBy(runs, (run) => run.stage)].map(([stage, own]) => stageView(stage, own)),
    ...(problemTitle === undefined ? {} : { problemTitle }),
    ...(reasons.length === 0 ? {} : { waiting: reasons.map(waitingView) }),
  }
}

function stageView(name: string, runs: readonly RunDocument[]): SequenceStateStage {
  const open = runs.some((run) => run.end === undefined)
  const last = runs.at(-1)
  const image = runs.findLast((run) => run.image !== undefined && hasDeployment(run))?.image
  const evaluation = runs.findLast((run) => run.latestEvaluation !== undefined)?.latestEvaluation
  const event = newest(runs.map((run) => run.latestEvent))
  const failed = newest(runs.flatMap((run) => run.latestFailedEvent ?? []))
  return {
    name,
    ...(image === undefined ? {} : { image }),
    state: open ? 'triggered' : (last?.end?.status ?? 'triggered'),
    ...(evaluation === undefined ? {} : { latestEvaluation: evaluation }),
    ...(event === undefined ? {} : { latestEvent: eventView(event) }),
    ...(failed === undefined ? {} : { latestFailedEvent: eventView(failed) }),
  }
}

/** Keptn shows the image from `deployment.triggered` on. */
function hasDeployment(run: RunDocument): boolean {
  return run.tasks.some((task) => task.name === 'deployment')
}

function newest(events: readonly EventReference[]): EventReference | undefined {
  return events.toSorted((left, right) => right.position - left.position)[0]
}

function eventView(event: EventReference) {
  return { type: event.type, id: event.id, time: formatTimestamp(event.timeMs) }
}

/** Keptn's execution record of one run. Data of tasks (`inputProperties`, `properties`) stays in the event store. */
export function sequenceExecution(run: RunDocument): SequenceExecution {
  const current = run.tasks.find((task) => task.outcome === undefined)
  return {
    _id: run.runId,
    schemaVersion: '2',
    sequence: { name: run.sequence, tasks: run.planned.map((name) => ({ name })) },
    status: {
      state: run.state,
      stateBeforePause: run.stateBeforePause ?? '',
      previousTasks: run.tasks.flatMap((task) => previousTask(task)),
      currentTask: {
        name: current?.name ?? '',
        triggeredID: current?.triggeredId ?? '',
        events: (current?.answers ?? []).map((answer) => ({
          eventType: answer.type,
          source: answer.source,
          ...(answer.result === undefined ? {} : { result: answer.result }),
          ...(answer.status === undefined ? {} : { status: answer.status }),
          time: formatTimestamp(answer.atMs),
        })),
      },
    },
    scope: {
      project: run.project,
      stage: run.stage,
      service: run.service,
      keptnContext: run.context,
      triggeredId: run.runId,
      gitcommitid: run.commitId,
      ...(run.labels === undefined ? {} : { labels: run.labels }),
    },
    triggeredAt: formatTimestamp(run.triggeredMs),
  }
}

function previousTask(task: TaskDocument) {
  const { outcome, name, triggeredId } = task
  if (outcome === undefined) return []
  return [{ name, triggeredID: triggeredId, result: outcome.result, status: outcome.status }]
}
