import type { ProjectionQuery } from '../../ports/projections.ts'
import type { SqlValue } from './sqlite-file.ts'

/** The part of a list's SQL from FROM to WHERE, with the index that leads to the fewest documents. */
export type ProjectionSearch = { readonly from: string; readonly values: readonly SqlValue[] }

export function projectionSearch(projection: string, query: ProjectionQuery): ProjectionSearch {
  const conditions = ['projection = ?']
  const values: SqlValue[] = [projection]
  const add = (condition: string, value: SqlValue | undefined) => {
    if (value === undefined) return
    conditions.push(condition)
    values.push(value)
  }
  add('project_id = ?', query.projectId)
  add('context = ?', query.context)
  if (query.contexts !== undefined) {
    add('context IN (SELECT value FROM json_each(?))', JSON.stringify(query.contexts))
  }
  add('stage = ?', query.stage)
  add('service = ?', query.service)
  add('name = ?', query.name)
  add('state = ?', query.state)
  add('sort >= ?', query.fromSort)
  add('sort < ?', query.beforeSort)
  const from = `documents INDEXED BY ${indexOf(query)} WHERE ${conditions.join(' AND ')}`
  return { from, values }
}

function indexOf(query: ProjectionQuery): string {
  if (query.context !== undefined || query.contexts !== undefined) return 'documents_by_context'
  if (query.projectId === undefined) return 'documents_by_sort'
  const isLane = query.stage !== undefined && query.service !== undefined
  return isLane ? 'documents_by_lane' : 'documents_by_project'
}
