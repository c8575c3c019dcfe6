import { type Application, sourcesOf } from '../../application/application.ts'
import { keyOf } from '../../application/application-store.ts'
import { parseLabelSelector } from '../../application/label-selector.ts'
import { REFRESH_ANNOTATION } from '../../controller/application-controller.ts'
import { withResourceHealth } from '../application-view.ts'
import { parseFields, selectListFields } from '../fields.ts'
import { GrpcCode, type Refusal, refusal } from '../grpc-error.ts'
import { findQueried, type Reply, type RequestContext, type Route } from '../request-context.ts'

export const readRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/v1/applications', handle: list },
  { method: 'GET', path: '/api/v1/applications/{name}', handle: get },
]

/** Whether an application is among those that a list or stream asks for and its caller may see. */
export function applicationFilter(
  context: RequestContext,
): { matches(application: Application): boolean } | { refusal: Refusal } {
  const { query, caller } = context
  const selector = parseLabelSelector(query.get('selector') ?? '')
  if (selector === undefined) {
    return refusal(
      GrpcCode.invalidArgument,
      `error parsing the selector: unable to parse requirement: ${query.get('selector')}`,
    )
  }
  const projects = [...query.getAll('projects'), ...query.getAll('project')].filter(Boolean)
  const name = query.get('name') ?? ''
  const appNamespace = query.get('appNamespace') ?? ''
  const repository = query.get('repo') ?? ''
  return {
    matches({ metadata, spec }) {
      if (name !== '' && metadata.name !== name) return false
      if (appNamespace !== '' && metadata.namespace !== appNamespace) return false
      if (projects.length > 0 && !projects.includes(spec.project)) return false
      if (repository !== '' && !sourcesOf(spec).some(({ repoURL }) => repoURL === repository)) {
        return false
      }
      return selector(metadata.labels ?? {}) && caller.may('get', spec.project)
    },
  }
}

function list(context: RequestContext): Reply {
  const filter = applicationFilter(context)
  if ('refusal' in filter) return filter
  const { store } = context.services
  const found = store.list().filter((application) => filter.matches(application))
  const fields = parseFields(context.query.get('fields'))
  const items = fields ? found.map((one) => selectListFields(one, fields)) : found
  // Go prints an empty slice that was never filled as null.
  return {
    body: {
      metadata: { resourceVersion: store.resourceVersion },
      items: items.length === 0 ? null : items,
    },
  }
}

/** With `refresh` it does not answer before the controller has looked again: that can take long. */
async function get(context: RequestContext): Promise<Reply> {
  const found = findQueried(context)
  if ('refusal' in found) return found
  const { store, applications } = context.services
  const refresh = context.query.get('refresh')
  if (refresh === null || refresh === '') {
    return { body: withResourceHealth(found.application, applications) }
  }
  const mode = refresh === 'hard' ? 'hard' : 'normal'
  const refreshed = whenRefreshed(context, found.key)
  store.update(found.key, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, [REFRESH_ANNOTATION]: mode }
  })
  await refreshed
  const after = store.get(found.key)
  if (after === undefined) {
    return refusal(
      GrpcCode.notFound,
      `applications.argoproj.io "${found.application.metadata.name}" not found`,
    )
  }
  return { body: withResourceHealth(after, applications) }
}

/** Resolves when the refresh annotation disappears, the application does, or nobody waits any more. */
function whenRefreshed(context: RequestContext, key: string): Promise<void> {
  const { store, closing } = context.services
  return new Promise((resolve) => {
    let wasRequested = false
    const finish = () => {
      unsubscribe()
      closing.removeEventListener('abort', finish)
      resolve()
    }
    const unsubscribe = store.subscribe(({ type, application }) => {
      if (keyOf(application) !== key) return
      const isRequested = application.metadata.annotations?.[REFRESH_ANNOTATION] !== undefined
      if (type === 'DELETED' || (wasRequested && !isRequested)) finish()
      wasRequested = isRequested
    })
    // Refreshing twice in a row may find the annotation already there, and then writes nothing.
    wasRequested = store.get(key)?.metadata.annotations?.[REFRESH_ANNOTATION] !== undefined
    context.response.on('close', finish)
    closing.addEventListener('abort', finish)
  })
}
