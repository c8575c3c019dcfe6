import { Run, RunPage, RunQuery } from '@tiphys/contract/http/native-run.ts'
import { runStream } from '@tiphys/core/sequence/begin-run.ts'
import type { z } from 'zod'
import type { Actor } from '../../intake/actor.ts'
import type { ProjectionQuery } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import { RUNS } from '../../projections/runs.ts'
import type { RunDocument } from '../../projections/runs-document.ts'
import type { Projects } from '../../projects/projects.ts'
import { checkEveryProject, mayUse } from '../access.ts'
import { type Answer, ok, refuse } from '../answer.ts'
import { contextId } from '../context-id.ts'
import { numberKey, pageOf } from '../keptn-v1/pages.ts'
import { findProject } from '../keptn-v1/project-lookup.ts'
import type { AddRoute } from '../route.ts'
import { asRun, laneWaiters, MAX_RUNS } from '../run-lookup.ts'
import type { RunRouteParts } from './contexts.ts'
import { runView } from './run-view.ts'

type Parts = RunRouteParts & { readonly store: Store; readonly projects: Projects }

export function addRunRoutes(add: AddRoute, parts: Parts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/runs',
    summary: 'Runs by project, stage, service, sequence, state, context; newest first',
    query: RunQuery,
    success: RunPage,
    handle: ({ query, actor }) => listRuns(parts, query, actor),
  })
  add({
    method: 'GET',
    path: '/api/tiphys/v1/runs/:id',
    summary: 'One run with its tasks',
    success: Run,
    async handle({ params, actor }) {
      const run = await findRun(parts, params.id)
      if (run === undefined || !mayUse(actor, run.project)) {
        return refuse('not-found', `there is no run ${params.id}`)
      }
      return ok(viewer(parts)(run))
    },
  })
}

/** A run is called by the id of the event that triggered it; the log knows in which project that was. */
export async function findRun(
  parts: Pick<Parts, 'store' | 'projections'>,
  runId: string,
): Promise<RunDocument | undefined> {
  await parts.projections.catchUp()
  const found = await parts.store.query({ eventId: runId, offset: 0, limit: 2 })
  const row = found.events.find(
    (one) => one.projectId !== undefined && one.stream === runStream(one.projectId, runId),
  )
  if (row === undefined) return undefined
  const document = await parts.projections.get(RUNS, `${row.projectId}/${runId}`)
  return document === undefined ? undefined : asRun(document)
}

async function listRuns(
  parts: Parts,
  query: z.output<typeof RunQuery>,
  actor: Actor,
): Promise<Answer<RunPage>> {
  const forbidden = query.project ? undefined : checkEveryProject(actor, 'project=')
  if (forbidden !== undefined) return forbidden
  const filter: { -readonly [Key in keyof ProjectionQuery]?: ProjectionQuery[Key] } = {}
  if (query.project) {
    const found = findProject(parts.projects, query.project)
    if (!found.ok) return found
    filter.projectId = found.record.projectId
  }
  if (query.context) filter.context = contextId(query.context)
  if (query.stage) filter.stage = query.stage
  if (query.service) filter.service = query.service
  if (query.sequence) filter.name = query.sequence
  if (query.state) filter.state = query.state === 'waiting' ? 'triggered' : query.state
  await parts.projections.catchUp()
  // Who waits for a lane is known only to the engine, so these two are told apart here; open runs are few.
  const isLive = query.state === 'waiting' || query.state === 'triggered'
  const window = isLive
    ? { offset: 0, limit: MAX_RUNS }
    : { offset: query.nextPageKey, limit: query.pageSize }
  const listed = await parts.projections.list(RUNS, { ...filter, ...window })
  const view = viewer(parts)
  const runs = listed.documents
    .map((document) => view(asRun(document)))
    .filter((run) => !isLive || run.state === query.state)
  const totalCount = isLive ? runs.length : listed.totalCount
  return ok({
    runs: isLive ? [...pageOf(runs, query)] : runs,
    ...numberKey(query, totalCount),
    pageSize: query.pageSize,
    totalCount,
  })
}

/** Views runs as they are now; who waits for a lane is looked up once a project. */
function viewer(parts: Parts): (run: RunDocument) => Run {
  const { engine, clock } = parts
  const waiters = new Map<string, ReadonlySet<string>>()
  return (run) => {
    const { projectId, context } = run
    if (run.end !== undefined) return runView(run, { waitingForLane: new Set(), reasons: [] })
    const waitingForLane = waiters.get(projectId) ?? laneWaiters(engine, projectId, clock.nowMs())
    waiters.set(projectId, waitingForLane)
    return runView(run, { waitingForLane, reasons: engine.why(projectId, context) })
  }
}
