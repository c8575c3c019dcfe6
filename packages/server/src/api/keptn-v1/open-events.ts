import { type KeptnEvent, parseEventType, sequenceEventType } from '@tiphys/contract/event.ts'
import { EventPageBody } from '@tiphys/contract/http/keptn-event-store.ts'
import { TolerantPaging } from '@tiphys/contract/http/paging.ts'
import type { OpenRun } from '@tiphys/core/sequence/run-state.ts'
import { z } from 'zod'
import type { Engine, OpenTriggeredFilter } from '../../engine/engine.ts'
import type { Actor } from '../../intake/actor.ts'
import type { Store } from '../../ports/store.ts'
import type { Projects } from '../../projects/projects.ts'
import { mayUse } from '../access.ts'
import { ok } from '../answer.ts'
import type { AddRoute } from '../route.ts'
import { type PageWish, pageOf, textKey } from './pages.ts'
import { findProject } from './project-lookup.ts'

const Query = TolerantPaging.extend({
  project: z.string().optional(),
  stage: z.string().optional(),
  service: z.string().optional(),
  eventID: z.string().optional(),
})
type Query = z.output<typeof Query>

export type OpenEventParts = {
  readonly engine: Engine
  readonly projects: Projects
  readonly store: Store
}

/**
 * `.triggered` events that wait for an answer, of tasks and of sequences: what remote services poll (facts/keptn-v1.md 2.3, 2.8).
 * Keptn's second page repeated the first; ours goes on.
 */
export function addOpenEventRoute(add: AddRoute, parts: OpenEventParts): void {
  add({
    method: 'GET',
    path: '/api/controlPlane/v1/event/triggered/:type',
    summary: 'Open triggered events of a type, oldest first',
    query: Query,
    success: EventPageBody,
    async handle({ params, query, actor }) {
      const found = query.project ? findProject(parts.projects, query.project) : undefined
      if (found?.ok === false) return found
      const type = parseEventType(params.type)
      const { events, totalCount } =
        type.kind === 'sequence'
          ? await openSequences(parts, { type: params.type, query, actor })
          : openTasks(parts, { type: params.type, query, actor })
      const nextPageKey = textKey(query, totalCount)
      return ok({ events: [...events], nextPageKey, pageSize: query.pageSize, totalCount })
    },
  })
}

type Wish = { readonly type: string; readonly query: Query; readonly actor: Actor }
type Page = { readonly events: readonly KeptnEvent[]; readonly totalCount: number }

function openTasks({ engine, projects }: OpenEventParts, { type, query, actor }: Wish): Page {
  const { project, stage, service, eventID } = query
  const record = project ? projects.find(project) : undefined
  const filter: OpenTriggeredFilter = {
    type,
    ...(record === undefined ? {} : { projectId: record.projectId }),
    ...(stage ? { stage } : {}),
    ...(service ? { service } : {}),
    ...(eventID ? { eventId: eventID } : {}),
  }
  const open = engine
    .openTriggered(filter)
    .filter((event) => mayUse(actor, String(event.data['project'] ?? '')))
  return { events: pageOf(open, query), totalCount: open.length }
}

/** The event that began each sequence which is not over; it stands in the log as the first of its run. */
async function openSequences(parts: OpenEventParts, { type, query, actor }: Wish): Promise<Page> {
  const { project, stage, service, eventID } = query
  const open = parts.projects
    .list()
    .filter(({ name }) => mayUse(actor, name) && (!project || name === project))
    .flatMap(({ projectId }) => parts.engine.openRunsOf(projectId))
    .filter(({ plan }) => sequenceEventType(plan.stage, plan.sequence, 'triggered') === type)
    .filter(
      ({ plan }) => (!stage || plan.stage === stage) && (!service || plan.service === service),
    )
    .filter(({ runId }) => !eventID || runId === eventID)
    .sort((left, right) => left.triggeredMs - right.triggeredMs)
  return { events: await firstEvents(parts.store, open, query), totalCount: open.length }
}

async function firstEvents(
  store: Store,
  runs: readonly OpenRun[],
  page: PageWish,
): Promise<readonly KeptnEvent[]> {
  const rows = await Promise.all(pageOf(runs, page).map(({ stream }) => store.read(stream, 1, 1)))
  return rows.flatMap(([first]) => (first === undefined ? [] : [first.event]))
}
