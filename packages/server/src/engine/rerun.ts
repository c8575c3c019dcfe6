import { runStream, triggeredEvent } from '@tiphys/core/sequence/begin-run.ts'
import { withoutMessage } from '@tiphys/core/sequence/decide-run.ts'
import { carriedData, type RerunPoint, rerunPoint, sameStep } from '@tiphys/core/sequence/rerun.ts'
import type { EndedRun } from '@tiphys/core/sequence/run-state.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { Projects } from '../projects/projects.ts'
import type { RerunAnswer, RerunRequest } from './engine.ts'
import type { Planner } from './planner.ts'
import { foldRun, runRowOf } from './run-book.ts'
import type { StartWish } from './step.ts'

export type RerunParts = {
  readonly store: Store
  readonly projects: Projects
  readonly planner: Planner
  readonly clock: Clock
}

/** Why what would be repeated would not meet the version it is about. */
function versionRefusal(
  replacedBy: string | undefined,
  { plan, wasSoaking }: EndedRun,
  { rerun, taskNames }: RerunPoint,
): string | undefined {
  const { stage, service, tasks } = plan
  if (wasSoaking) {
    return `it ended before what is to go to ${stage} had soaked; trigger the stage before again, or force it`
  }
  // A deployment brings its own version, whatever is there; so does a step that puts one back.
  const brings =
    taskNames.includes('rollback') ||
    tasks.slice(rerun.from).some((task) => task.name === 'deployment')
  if (replacedBy === undefined || brings) return undefined
  return `${replacedBy} has deployed to ${stage}/${service} since, so ${taskNames.join(', ')} would meet another version; begin with the deployment, or force it`
}

type Prepared =
  | { readonly code: 'ready'; readonly context: string; readonly wish: StartWish }
  | Exclude<RerunAnswer, { code: 'started' }>

/** Where a run is taken up, and with which plan: the rows of the old run say what was done, the newest configuration what follows. */
export async function prepareRerun(parts: RerunParts, request: RerunRequest): Promise<Prepared> {
  const { projectId, runId, newRunId: id, from, actor } = request
  const rows = await parts.store.read(runStream(projectId, runId))
  if (rows.length === 0) return { code: 'not-found', message: `there is no run ${runId}` }
  const point = rerunPoint(rows.map(runRowOf), from)
  if (point.code !== 'found') return point
  const ended = foldRun(rows)
  if (ended.phase !== 'ended') return { code: 'still-open', message: 'the run is not over yet' }
  const snapshot = await parts.projects.snapshot(projectId)
  const planned = parts.planner.plan(snapshot, ended.plan)
  if (planned.code !== 'planned') return { code: 'changed', message: planned.message }
  if (!sameStep(point, planned.plan)) {
    const message = `the sequence has changed since: there is no ${point.taskNames.join(', ')} at its place`
    return { code: 'changed', message }
  }
  const { project, stage, service, sequence } = ended.plan
  const refusal = request.force ? undefined : versionRefusal(request.replacedBy, ended, point)
  if (refusal !== undefined) return { code: 'replaced', message: refusal }
  const nowMs = parts.clock.nowMs()
  const data = withoutMessage(carriedData(point.payload, runId, id))
  const triggered = triggeredEvent({ id, stage, sequence, context: ended.context, data }, nowMs)
  const wish: StartWish = {
    projectId,
    project,
    stage,
    service,
    sequence,
    event: { ...triggered, source: 'tiphys' },
    by: actor.name,
    snapshot,
    rerun: point.rerun,
    ...(ended.origin === undefined ? {} : { origin: ended.origin }),
  }
  return { code: 'ready', context: ended.context, wish }
}
