import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Projection } from '../src/ports/projections.ts'

/** How many rows each stream has: every row changes a document. */
export const countsProjection: Projection = {
  name: 'counts',
  version: 1,
  keysOf: (row) => [row.stream],
  fold: (document, row) => ({
    projectId: row.projectId ?? '',
    stream: row.stream,
    count: Number(document?.['count'] ?? 0) + 1,
  }),
  columnsOf: (document) => ({
    projectId: text(document['projectId']) ?? '',
    sort: Number(document['count']),
  }),
}

/** The last row of each stage. */
export const latestProjection: Projection = {
  name: 'latest',
  version: 1,
  keysOf: (row) => [`${row.projectId}/${text(row.event.data['stage'])}`],
  fold: (_document, row) => ({
    projectId: row.projectId ?? '',
    stage: text(row.event.data['stage']) ?? '',
    position: row.position,
  }),
  columnsOf: (document) => ({
    projectId: text(document['projectId']) ?? '',
    sort: Number(document['position']),
  }),
}

/** What was triggered or started and has no answer yet: documents come and go. */
export const startedProjection: Projection = {
  name: 'started',
  version: 1,
  keysOf: (row) => [row.event.triggeredid ?? row.event.id],
  fold(document, row): JsonObject | undefined {
    const { id, type, shkeptncontext: context = '', data } = row.event
    if (type.endsWith('.finished')) return undefined
    if (document !== undefined) return document
    const state = type.split('.').at(-1) ?? ''
    const name = type.split('.').at(-2) ?? ''
    const { projectId = '', position } = row
    const { stage = '', service = '' } = data
    return { id, projectId, position, context, state, name, stage, service }
  },
  columnsOf(document) {
    const { projectId, context, stage, service, name, state, position } = document as Record<
      string,
      string
    >
    const columns = { context, stage, service, name, state } as Record<string, string>
    return { projectId: projectId ?? '', ...columns, sort: Number(position) }
  },
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
