import { Empty } from '@tiphys/contract/http/keptn-project.ts'
import {
  ControlBody,
  SequenceExecutionPage,
  SequenceStatePage,
} from '@tiphys/contract/http/keptn-sequence.ts'
import { TolerantPaging } from '@tiphys/contract/http/paging.ts'
import { z } from 'zod'
import type { Engine } from '../../engine/engine.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ProjectionQuery, Projections } from '../../ports/projections.ts'
import { RUNS, startSort } from '../../projections/runs.ts'
import { CONTEXTS, type ContextDocument } from '../../projections/runs-by-context.ts'
import type { Projects } from '../../projects/projects.ts'
import { type Answer, ok, refuse } from '../answer.ts'
import type { AddRoute } from '../route.ts'
import { asRun, laneWaiters, MAX_RUNS, runsOfContexts } from '../run-lookup.ts'
import { numberKey, pageOf } from './pages.ts'
import { findProject } from './project-lookup.ts'
import { sequenceExecution, sequenceState } from './sequence-view.ts'
import { type TimeRange, timeRange } from './time.ts'

export type SequenceRouteParts = {
  readonly engine: Engine
  readonly projects: Projects
  readonly projections: Projections
  readonly clock: Clock
}

const StatesQuery = TolerantPaging.extend({
  name: z.string().optional(),
  state: z.string().optional(),
  fromTime: z.string().optional(),
  beforeTime: z.string().optional(),
  /** Comma separated. */
  keptnContext: z.string().optional(),
})

const ExecutionsQuery = TolerantPaging.extend({
  project: z.string({ error: 'is missing' }).min(1, { error: 'is empty' }),
  stage: z.string().optional(),
  service: z.string().optional(),
  keptnContext: z.string().optional(),
  name: z.string().optional(),
  status: z.string().optional(),
})

/** Sequences and their executions, and control over them (facts/keptn-v1.md 2.3). */
export function addSequenceRoutes(add: AddRoute, parts: SequenceRouteParts): void {
  add({
    method: 'GET',
    path: '/api/controlPlane/v1/sequence/:project',
    summary: 'Sequences by context, newest first',
    query: StatesQuery,
    success: SequenceStatePage,
    handle: ({ params, query }) => listStates(parts, params.project, query),
  })
  add({
    method: 'POST',
    path: '/api/controlPlane/v1/sequence/:project/:context/control',
    summary: 'Pauses, resumes or aborts the open runs of a context',
    body: ControlBody,
    success: Empty,
    async handle({ params, body, actor }) {
      const found = findProject(parts.projects, params.project)
      if (!found.ok) return found
      await parts.engine.control({
        projectId: found.record.projectId,
        context: params.context.toLowerCase(),
        ...(body.stage ? { stage: body.stage } : {}),
        action: body.state,
        actor,
      })
      return ok({})
    },
  })
  add({
    method: 'GET',
    path: '/api/controlPlane/v1/sequence-execution',
    summary: 'Executions of sequences, newest first',
    query: ExecutionsQuery,
    success: SequenceExecutionPage,
    handle: ({ query }) => listExecutions(parts, query),
  })
}

async function listStates(
  parts: SequenceRouteParts,
  project: string,
  query: z.output<typeof StatesQuery>,
): Promise<Answer<z.output<typeof SequenceStatePage>>> {
  const found = findProject(parts.projects, project)
  if (!found.ok) return found
  const times = timeRange(query)
  if (!times.ok) return times
  const { projectId } = found.record
  const { projections, engine, clock } = parts
  await projections.catchUp()
  const waiting = laneWaiters(engine, projectId, clock.nowMs())
  const filter: Omit<ProjectionQuery, 'offset' | 'limit'> = {
    projectId,
    ...sortRange(times),
    ...(query.keptnContext ? { contexts: query.keptnContext.toLowerCase().split(',') } : {}),
    ...(query.name ? { name: query.name } : {}),
    ...(query.state ? { state: query.state === 'waiting' ? 'triggered' : query.state } : {}),
  }
  const isLive = query.state === 'waiting' || query.state === 'triggered'
  // Who waits for a lane is known only to the engine, so these two states are told apart here; open runs are few.
  const window = isLive
    ? { offset: 0, limit: MAX_RUNS }
    : { offset: query.nextPageKey, limit: query.pageSize }
  const listed = await projections.list(CONTEXTS, { ...filter, ...window })
  // Documents of this projection were made by its fold.
  const contexts = listed.documents as unknown as ContextDocument[]
  const ids = contexts.map((context) => context.context)
  const runs = Map.groupBy(
    await runsOfContexts(projections, { projectId, contexts: ids }),
    (run) => run.context,
  )
  const states = contexts
    .map((one) => {
      const reasons = engine.why(projectId, one.context)
      return sequenceState(one, runs.get(one.context) ?? [], waiting, reasons)
    })
    .filter((state) => !isLive || state.state === query.state)
  const totalCount = isLive ? states.length : listed.totalCount
  const page = isLive ? [...pageOf(states, query)] : states
  const key = numberKey(query, totalCount)
  return ok({ states: page, ...key, pageSize: query.pageSize, totalCount })
}

function sortRange(times: TimeRange): { fromSort?: number; beforeSort?: number } {
  const { fromTimeMs, beforeTimeMs } = times
  return {
    ...(fromTimeMs === undefined ? {} : { fromSort: startSort(fromTimeMs, 0) }),
    ...(beforeTimeMs === undefined ? {} : { beforeSort: startSort(beforeTimeMs, 0) }),
  }
}

async function listExecutions(
  parts: SequenceRouteParts,
  query: z.output<typeof ExecutionsQuery>,
): Promise<Answer<z.output<typeof SequenceExecutionPage>>> {
  const record = parts.projects.find(query.project)
  if (record === undefined) {
    return refuse('project-not-found', `Project not found: ${query.project}`)
  }
  await parts.projections.catchUp()
  const listed = await parts.projections.list(RUNS, {
    projectId: record.projectId,
    ...(query.stage ? { stage: query.stage } : {}),
    ...(query.service ? { service: query.service } : {}),
    ...(query.keptnContext ? { context: query.keptnContext.toLowerCase() } : {}),
    ...(query.name ? { name: query.name } : {}),
    ...(query.status ? { state: query.status } : {}),
    offset: query.nextPageKey,
    limit: query.pageSize,
  })
  const { totalCount } = listed
  return ok({
    sequenceExecutions: listed.documents.map((document) => sequenceExecution(asRun(document))),
    ...numberKey(query, totalCount),
    pageSize: query.pageSize,
    totalCount,
  })
}
