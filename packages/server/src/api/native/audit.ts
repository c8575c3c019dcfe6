import { AuditEntryView, AuditPage, AuditQuery } from '@tiphys/contract/http/native-audit.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { AUDIT, type AuditDocument, auditProject } from '../../audit/audit-projection.ts'
import type { Actor } from '../../intake/actor.ts'
import type { Projections } from '../../ports/projections.ts'
import { startSort } from '../../projections/runs.ts'
import type { Projects } from '../../projects/projects.ts'
import { checkEveryProject } from '../access.ts'
import { type Answer, ok, refuse } from '../answer.ts'
import { cursorOf, positionOf } from '../cursor.ts'
import { timeRange } from '../keptn-v1/time.ts'
import type { AddRoute } from '../route.ts'

type Parts = { readonly projections: Projections; readonly projects: Projects }

export function addAuditRoute(add: AddRoute, parts: Parts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/audit',
    summary: 'Who changed what, newest first',
    query: AuditQuery,
    success: AuditPage,
    handle: ({ query, actor }) => listEntries(parts, query, actor),
  })
}

async function listEntries(
  { projections, projects }: Parts,
  query: AuditQuery,
  actor: Actor,
): Promise<Answer<AuditPage>> {
  const forbidden = query.project ? undefined : checkEveryProject(actor, 'project=')
  if (forbidden !== undefined) return forbidden
  const times = timeRange(query)
  if (!times.ok) return times
  const before = query.cursor ? positionOf(query.cursor) : Number.MAX_SAFE_INTEGER
  if (before === undefined) {
    return refuse('invalid', `${JSON.stringify(query.cursor)} is no cursor of this server`)
  }
  const { project, action, outcome, pageSize } = query
  await projections.catchUp()
  const { documents } = await projections.list(AUDIT, {
    ...(project ? { projectId: auditProject(project) } : {}),
    ...(query.actor ? { stage: query.actor } : {}),
    ...(action ? { name: action } : {}),
    ...(outcome ? { state: outcome } : {}),
    ...(times.fromTimeMs === undefined ? {} : { fromSort: startSort(times.fromTimeMs, 0) }),
    beforeSort: Math.min(before, startSort(times.beforeTimeMs ?? LATEST_MS, 0)),
    offset: 0,
    limit: pageSize + 1,
  })
  // Documents of this projection were made by its fold.
  const found = documents as unknown as AuditDocument[]
  const page = found.slice(0, pageSize)
  const last = page.at(-1)
  const isMore = found.length > pageSize && last !== undefined
  return ok({
    entries: page.map((document) => view(document, projects)),
    ...(isMore ? { nextCursor: cursorOf(startSort(last.timeMs, last.position)) } : {}),
  })
}

/** The year 2100: later than any entry, and small enough to be sorted by. */
const LATEST_MS = 4_102_444_800_000

function view({ timeMs, entry }: AuditDocument, projects: Projects): AuditEntryView {
  const { projectId } = entry
  const isDeleted = typeof projectId === 'string' && projects.byId(projectId) === undefined
  return AuditEntryView.parse({
    ...entry,
    time: formatTimestamp(timeMs),
    ...(isDeleted ? { projectDeleted: true } : {}),
  })
}
