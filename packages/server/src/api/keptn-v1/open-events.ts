import { EventPageBody } from '@tiphys/contract/http/keptn-event-store.ts'
import { TolerantPaging } from '@tiphys/contract/http/paging.ts'
import { z } from 'zod'
import type { Engine, OpenTriggeredFilter } from '../../engine/engine.ts'
import type { Projects } from '../../projects/projects.ts'
import { mayUse } from '../access.ts'
import { ok } from '../answer.ts'
import type { AddRoute } from '../route.ts'
import { pageOf, textKey } from './pages.ts'
import { findProject } from './project-lookup.ts'

const Query = TolerantPaging.extend({
  project: z.string().optional(),
  stage: z.string().optional(),
  service: z.string().optional(),
  eventID: z.string().optional(),
})

/**
 * `.triggered` events that wait for an answer: what remote services poll (facts/keptn-v1.md 2.3, 2.8). Keptn's second page
 * repeated the first; ours goes on.
 */
export function addOpenEventRoute(
  add: AddRoute,
  parts: { readonly engine: Engine; readonly projects: Projects },
): void {
  add({
    method: 'GET',
    path: '/api/controlPlane/v1/event/triggered/:type',
    summary: 'Open triggered events of a type, oldest first',
    query: Query,
    success: EventPageBody,
    handle({ params, query, actor }) {
      const filter: Record<string, string> = { type: params.type }
      if (query.project) {
        const found = findProject(parts.projects, query.project)
        if (!found.ok) return found
        filter['projectId'] = found.record.projectId
      }
      if (query.stage) filter['stage'] = query.stage
      if (query.service) filter['service'] = query.service
      if (query.eventID) filter['eventId'] = query.eventID
      const open = parts.engine
        .openTriggered(filter satisfies OpenTriggeredFilter)
        .filter((event) => mayUse(actor, String(event.data['project'] ?? '')))
      const totalCount = open.length
      return ok({
        events: [...pageOf(open, query)],
        nextPageKey: textKey(query, totalCount),
        pageSize: query.pageSize,
        totalCount,
      })
    },
  })
}
