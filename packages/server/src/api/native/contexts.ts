import {
  type ContextTimeline,
  ContextTimeline as ContextTimelineBody,
  ControlAnswer,
  ControlContextBody,
  WhyWaiting,
} from '@tiphys/contract/http/native-run.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { z } from 'zod'
import type { Engine } from '../../engine/engine.ts'
import type { Actor } from '../../intake/actor.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Projections } from '../../ports/projections.ts'
import type { RunDocument } from '../../projections/runs-document.ts'
import { mayUse } from '../access.ts'
import { ok, type Refusal, refuse } from '../answer.ts'
import { contextId } from '../context-id.ts'
import type { AddRoute } from '../route.ts'
import { laneWaiters, runsOfContexts } from '../run-lookup.ts'
import { judgeRuns } from '../verdict.ts'
import { runView, waitingView } from './run-view.ts'

export type RunRouteParts = {
  readonly engine: Engine
  readonly projections: Projections
  readonly clock: Clock
}

const InProject = z.object({ project: z.string().optional() })

/** One keptn context: everything that happened under it, what it waits for, and control over it. */
export function addContextRoutes(add: AddRoute, parts: RunRouteParts): void {
  const { engine } = parts
  add({
    method: 'GET',
    path: '/api/tiphys/v1/contexts/:context',
    summary: 'Everything that happened under a context: runs, tasks, waits, verdict',
    query: InProject,
    success: ContextTimelineBody,
    async handle({ params, query, actor }) {
      const found = await findContext(parts, params.context, query.project, actor)
      return found.ok ? ok(timeline(parts, found)) : found
    },
  })
  add({
    method: 'GET',
    path: '/api/tiphys/v1/contexts/:context/why',
    summary: 'What the open runs of a context wait for',
    query: InProject,
    success: WhyWaiting,
    async handle({ params, query, actor }) {
      const found = await findContext(parts, params.context, query.project, actor)
      if (!found.ok) return found
      const { context, project, projectId } = found
      const waiting = engine.why(projectId, context).map(waitingView)
      const open = engine.openRunsOf(projectId, context).length > 0
      return ok({ context, project, open, waiting })
    },
  })
  add({
    method: 'POST',
    path: '/api/tiphys/v1/contexts/:context/control',
    summary: 'Pauses, resumes or aborts the open runs of a context',
    query: InProject,
    body: ControlContextBody,
    success: ControlAnswer,
    async handle({ params, query, body, actor }) {
      const found = await findContext(parts, params.context, query.project, actor)
      if (!found.ok) return found
      const { projectId, context } = found
      const stage = body.stage === undefined ? {} : { stage: body.stage }
      const { action } = body
      const { runs } = await engine.control({ projectId, context, ...stage, action, actor })
      return ok({ runs })
    },
  })
}

type Found = {
  readonly ok: true
  readonly context: string
  readonly project: string
  readonly projectId: string
  readonly runs: readonly RunDocument[]
}

/** The runs of a context that the actor may see. A context is unique in a project; a client could use one in two. */
export async function findContext(
  parts: RunRouteParts,
  text: string,
  project: string | undefined,
  actor: Actor,
): Promise<Found | Refusal> {
  const context = contextId(text)
  await parts.projections.catchUp()
  const runs = (await runsOfContexts(parts.projections, { contexts: [context] }))
    .filter((run) => mayUse(actor, run.project))
    .filter((run) => !project || run.project === project)
  const projects = [...new Set(runs.map((run) => run.project))]
  const [first] = runs
  if (first === undefined) {
    const where = project ? ` in project ${project}` : ''
    return refuse('not-found', `there is no run with the context ${text}${where}`)
  }
  if (projects.length > 1) {
    const names = projects.join(', ')
    return refuse('invalid', `context ${text} is in the projects ${names}; name one with project=`)
  }
  return { ok: true, context, project: first.project, projectId: first.projectId, runs }
}

function timeline(parts: RunRouteParts, found: Found): ContextTimeline {
  const { context, project, projectId, runs } = found
  const { engine, clock } = parts
  const live = {
    waitingForLane: laneWaiters(engine, projectId, clock.nowMs()),
    reasons: engine.why(projectId, context),
  }
  const [first] = runs
  const open = runs.some((run) => run.end === undefined)
  const endedMs = Math.max(...runs.map((run) => run.endedMs ?? run.triggeredMs))
  return {
    context,
    project,
    sequence: first?.sequence ?? '',
    stage: first?.stage ?? '',
    service: first?.service ?? '',
    open,
    ...judgeRuns(runs),
    waiting: live.reasons.filter((reason) => reason.runId === undefined).map(waitingView),
    startedAt: formatTimestamp(first?.triggeredMs ?? 0),
    ...(open ? {} : { endedAt: formatTimestamp(endedMs) }),
    runs: runs.map((run) => runView(run, live)),
  }
}
