import type { Actor } from '../../intake/actor.ts'
import type { Store } from '../../ports/store.ts'
import type { Projects } from '../../projects/projects.ts'
import { mayUse } from '../access.ts'
import { type Refusal, refuse } from '../answer.ts'
import { contextId } from '../context-id.ts'
import { positionOf } from '../cursor.ts'
import { findProject } from '../keptn-v1/project-lookup.ts'
import type { StreamScope } from './stream-scope.ts'

/** Where and of what a stream begins; everything that can be wrong with a question is found here, before an answer begins. */

export type StartParts = {
  readonly store: Pick<Store, 'query' | 'headPosition'>
  readonly projects: Projects
}

type Found = { readonly ok: true; readonly scope: StreamScope }
type Wishes = Pick<StreamScope, 'keptnOnly'> & {
  readonly [Key in 'project' | 'stage' | 'service' | 'type']?: string | undefined
}

export function projectScope(parts: StartParts, project: string, wishes: Wishes): Found | Refusal {
  const found = findProject(parts.projects, project)
  if (!found.ok) return found
  const { projectId, name } = found.record
  const { keptnOnly, stage, service, type } = wishes
  return {
    ok: true,
    scope: {
      projectId,
      project: name,
      keptnOnly,
      ...(stage ? { stage } : {}),
      ...(service ? { service } : {}),
      ...(type ? { type } : {}),
    },
  }
}

/** Its newest rows say to which project a context belongs. */
const LOOKED_AT_ROWS = 200

/** A context is unique in a project; a client could use one in two. */
export async function contextScope(
  parts: StartParts,
  text: string,
  wishes: Wishes,
  actor: Actor,
): Promise<Found | Refusal> {
  const context = contextId(text)
  const named = wishes.project ? findProject(parts.projects, wishes.project) : undefined
  if (named?.ok === false) return named
  const { events } = await parts.store.query({
    context,
    ...(named === undefined ? {} : { projectId: named.record.projectId }),
    keptnOnly: false,
    offset: 0,
    limit: LOOKED_AT_ROWS,
  })
  const ids = new Set(events.flatMap((row) => row.projectId ?? []))
  const projects = [...ids]
    .flatMap((projectId) => parts.projects.byId(projectId) ?? [])
    .filter(({ name }) => mayUse(actor, name))
  const [first] = projects
  if (first === undefined) {
    const where = wishes.project ? ` in project ${wishes.project}` : ''
    return refuse('not-found', `there is no event with the context ${text}${where}`)
  }
  if (projects.length > 1) {
    const names = projects.map(({ name }) => name).join(', ')
    return refuse('invalid', `context ${text} is in the projects ${names}; name one with project=`)
  }
  const { projectId, name } = first
  return { ok: true, scope: { projectId, project: name, context, keptnOnly: wishes.keptnOnly } }
}

/** The position behind which a reader goes on. A cursor is stronger than `from`. */
export async function startPosition(
  store: Pick<Store, 'headPosition'>,
  cursor: string | undefined,
  from: 'beginning' | 'now',
): Promise<{ readonly ok: true; readonly position: number } | Refusal> {
  const head = await store.headPosition()
  if (!cursor) return { ok: true, position: from === 'now' ? head : 0 }
  const position = positionOf(cursor)
  if (position === undefined) {
    return refuse('invalid', `${JSON.stringify(cursor)} is no cursor of this server`)
  }
  if (position > head) {
    return refuse(
      'invalid',
      'this cursor lies behind the end of the log (was a backup restored?); begin without it',
    )
  }
  return { ok: true, position }
}
