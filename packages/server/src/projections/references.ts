import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Projection, Projections } from '../ports/projections.ts'
import type { StoredEvent } from '../ports/store.ts'
import { isCorrection, PINNED, UNPINNED } from './corrections.ts'
import { textAt, whereaboutsOf } from './project-of-row.ts'

/** The evaluation that those of a place are compared with instead of the newest ones. One for each project, stage and service. */
export type ReferenceDocument = {
  readonly projectId: string
  readonly project: string
  readonly stage: string
  readonly service: string
  /** Of its `evaluation.triggered` event. */
  readonly triggeredId: string
  /** Of its `evaluation.finished` event. */
  readonly eventId: string
  /** Token, whom its holder named, and why. */
  readonly by: string
  readonly person?: string
  readonly reason: string
  readonly timeMs: number
  readonly position: number
}

export const REFERENCES = 'references'

export const referencesProjection: Projection = {
  name: REFERENCES,
  version: 1,
  keysOf(row) {
    if (!isCorrection(row) || (row.event.type !== PINNED && row.event.type !== UNPINNED)) return []
    const where = whereaboutsOf(row)
    return where === undefined ? [] : [referenceKey(where)]
  },
  fold(document, row) {
    const { triggeredid } = row.event
    if (row.event.type === PINNED) return pinned(row)
    // The unpinning of one that another has replaced since changes nothing.
    return document?.['triggeredId'] === triggeredid ? undefined : document
  },
  columnsOf(document) {
    const { projectId, stage, service, position } = document as unknown as ReferenceDocument
    return { projectId, stage, service, sort: position }
  },
}

type Place = { readonly projectId: string; readonly stage: string; readonly service: string }

function referenceKey({ projectId, stage, service }: Place): string {
  return `${projectId}/${stage}/${service}`
}

function pinned(row: StoredEvent): JsonObject | undefined {
  const where = whereaboutsOf(row)
  const { triggeredid, data } = row.event
  if (where === undefined || triggeredid === undefined) return undefined
  const person = textAt(data, 'evaluation', 'person')
  return {
    ...where,
    triggeredId: triggeredid,
    eventId: textAt(data, 'evaluation', 'eventId') ?? '',
    by: textAt(row.meta ?? {}, 'by') ?? '',
    ...(person === undefined ? {} : { person }),
    reason: textAt(data, 'evaluation', 'reason') ?? '',
    timeMs: row.timeMs,
    position: row.position,
  }
}

/** The lists must have folded what is asked for. */
export async function findReference(
  projections: Pick<Projections, 'get'>,
  place: Place,
): Promise<ReferenceDocument | undefined> {
  // Documents of this projection were made by its fold.
  const document = await projections.get(REFERENCES, referenceKey(place))
  return document as unknown as ReferenceDocument | undefined
}
