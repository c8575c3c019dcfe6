import { runStream, triggeredEvent } from '@tiphys/core/sequence/begin-run.ts'
import { withoutMessage } from '@tiphys/core/sequence/decide-run.ts'
import { carriedData, rerunPoint, sameStep } from '@tiphys/core/sequence/rerun.ts'
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

/** Tasks that bring a version of their own. */
const DEPLOYING: readonly string[] = ['deployment', 'rollback']

type Prepared =
  | { readonly code: 'ready'; readonly context: string; readonly wish: StartWish }
  | Exclude<RerunAnswer, { code: 'started' }>

/** Where a run is taken up, and with which plan: the rows of the old run say what was done, the newest configuration what follows. */
export async function prepareRerun(parts: RerunParts, request: RerunRequest): Promise<Prepared> {
  const { projectId, runId, newRunId: id, from, actor, replacedBy } = request
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
  const { project, stage, service, sequence, tasks } = ended.plan
  const deploys = tasks.slice(point.rerun.from).some((task) => DEPLOYING.includes(task.name))
  if (replacedBy !== undefined && !deploys) {
    const message = `${replacedBy} has deployed to ${stage}/${service} since, so ${point.taskNames.join(', ')} would meet another version; begin with the deployment, or force it`
    return { code: 'replaced', message }
  }
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
