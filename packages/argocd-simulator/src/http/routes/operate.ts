import {
  hasMultipleSources,
  isAutoSynced,
  type Operation,
  sourcesOf,
  targetRevisionOf,
} from '../../application/application.ts'
import { GitError } from '../../git/git-command.ts'
import { GrpcCode, type Refusal, refusal } from '../grpc-error.ts'
import {
  type Found,
  findApplication,
  findQueried,
  parseBody,
  type Reply,
  type RequestContext,
  type Route,
} from '../request-context.ts'

import { rollbackSchema, type SyncRequest, syncSchema, wantedRevisions } from './sync-request.ts'

export const operateRoutes: readonly Route[] = [
  { method: 'POST', path: '/api/v1/applications/{name}/sync', handle: sync },
  { method: 'POST', path: '/api/v1/applications/{name}/rollback', handle: rollback },
  { method: 'DELETE', path: '/api/v1/applications/{name}/operation', handle: terminate },
]

async function sync(context: RequestContext): Promise<Reply> {
  const name = context.parameters['name'] ?? ''
  const parsed = parseBody(context, syncSchema)
  if ('refusal' in parsed) return parsed
  const found = findApplication(context, { name, ...parsed.data }, 'sync')
  if ('refusal' in found) return counted(context, name, parsed.data.appNamespace, found)
  const reply = await startSync(context, found, parsed.data)
  if (reply !== 'streamed' && 'refusal' in reply) {
    return counted(context, name, parsed.data.appNamespace, reply)
  }
  context.services.counts.syncAccepted(found.key)
  return reply
}

async function startSync(
  context: RequestContext,
  found: Found,
  request: SyncRequest,
): Promise<Reply> {
  const { application } = found
  const { spec, metadata } = application
  if (metadata.deletionTimestamp !== undefined) {
    return refusal(GrpcCode.failedPrecondition, 'application is deleting')
  }
  if (!context.services.projects.canSync(application, true)) {
    return refusal(GrpcCode.permissionDenied, 'cannot sync: blocked by sync window')
  }
  if ((request.manifests?.length ?? 0) > 0) {
    return refusal(GrpcCode.failedPrecondition, 'local manifests are not simulated')
  }
  const overridden = overriddenRevision(found, request)
  if (overridden !== undefined && isAutoSynced(spec) && !request.dryRun) {
    return refusal(
      GrpcCode.failedPrecondition,
      `Cannot sync to ${overridden.wanted}: auto-sync currently set to ${overridden.target}`,
    )
  }
  const resolved = await resolveRevisions(context, found, request)
  if ('refusal' in resolved) return resolved
  return setOperation(context, found, {
    sync: syncOperation(found, request, resolved.revisions),
    ...(request.infos ? { info: request.infos } : {}),
    initiatedBy: { username: context.caller.username },
    retry: request.retryStrategy ?? spec.syncPolicy?.retry ?? {},
  })
}

/** Options and retry that are given replace those of the application; they are not merged. */
function syncOperation(
  { application }: Found,
  request: SyncRequest,
  revisions: string[],
): Operation['sync'] {
  const { spec } = application
  const options = request.syncOptions?.items ?? spec.syncPolicy?.syncOptions
  const { apply, hook } = request.strategy ?? {}
  return {
    ...(hasMultipleSources(spec) ? { revisions } : { revision: revisions[0] ?? '' }),
    ...(request.prune ? { prune: true } : {}),
    ...(request.dryRun ? { dryRun: true } : {}),
    ...(options === undefined || options === null ? {} : { syncOptions: options }),
    ...(apply ? { syncStrategy: { apply } } : hook ? { syncStrategy: { hook } } : {}),
    ...(request.resources?.length ? { resources: request.resources } : {}),
    ...(hasMultipleSources(spec) ? { sources: spec.sources ?? [] } : {}),
  }
}

/** The first revision in the request that is not, as text, the target of its source. */
function overriddenRevision(
  { application }: Found,
  request: SyncRequest,
): { wanted: string; target: string } | undefined {
  const sources = sourcesOf(application.spec)
  for (const [index, wanted] of wantedRevisions(request, sources.length).entries()) {
    const source = sources[index]
    if (source === undefined || wanted === '') continue
    const target = targetRevisionOf(source)
    if (wanted !== target) return { wanted, target }
  }
  return undefined
}

/** Asks the remote now: what was pushed a moment ago is found without a refresh. */
async function resolveRevisions(
  context: RequestContext,
  { application }: Found,
  request: SyncRequest,
): Promise<{ revisions: string[] } | { refusal: Refusal }> {
  const { spec } = application
  if (request.sourcePositions.length !== request.revisions.length) {
    return refusal(
      GrpcCode.invalidArgument,
      'While specifying revisions and source positions, both lists must be of the same length',
    )
  }
  const sources = sourcesOf(spec)
  try {
    const revisions = await context.services.desiredStates.resolve({
      sources,
      isMultiple: hasMultipleSources(spec),
      revisions: wantedRevisions(request, sources.length),
      maxAgeMs: 0,
    })
    return { revisions }
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    return refusal(GrpcCode.failedPrecondition, `error resolving repo revision: ${error.message}`)
  }
}

function rollback(context: RequestContext): Reply {
  const name = context.parameters['name'] ?? ''
  const parsed = parseBody(context, rollbackSchema)
  if ('refusal' in parsed) return parsed
  const found = findApplication(context, { name, ...parsed.data }, 'sync')
  if ('refusal' in found) return found
  const { spec, metadata, status } = found.application
  if (metadata.deletionTimestamp !== undefined) {
    return refusal(GrpcCode.failedPrecondition, 'application is deleting')
  }
  if (isAutoSynced(spec)) {
    return refusal(
      GrpcCode.failedPrecondition,
      'rollback cannot be initiated when auto-sync is enabled',
    )
  }
  const entry = status.history?.find(({ id }) => id === parsed.data.id)
  if (entry === undefined) {
    return refusal(
      GrpcCode.invalidArgument,
      `application ${name} does not have deployment with id ${parsed.data.id}`,
    )
  }
  return setOperation(context, found, {
    sync: {
      ...(entry.revisions ? { revisions: entry.revisions } : { revision: entry.revision }),
      ...(parsed.data.prune ? { prune: true } : {}),
      ...(parsed.data.dryRun ? { dryRun: true } : {}),
      // A rollback applies without hooks.
      syncStrategy: { apply: {} },
      ...(entry.sources ? { sources: entry.sources } : {}),
      ...(entry.source ? { source: entry.source } : {}),
    },
    initiatedBy: { username: context.caller.username },
    retry: {},
  })
}

function terminate(context: RequestContext): Reply {
  const found = findQueried(context, 'sync')
  if ('refusal' in found) return found
  if (found.running.controller.terminate()) return { body: {} }
  return refusal(
    GrpcCode.invalidArgument,
    'Unable to terminate operation. No operation is in progress',
  )
}

/** One operation at a time, no queue. The old operationState disappears with the request. */
function setOperation(context: RequestContext, found: Found, operation: Operation): Reply {
  const { store, events } = context.services
  const current = store.get(found.key)
  if (current?.operation !== undefined) {
    return refusal(
      GrpcCode.failedPrecondition,
      'error setting app operation: another operation is already in progress',
    )
  }
  const after = store.update(found.key, (application) => {
    application.operation = operation
    delete application.status.operationState
  })
  if (after === undefined)
    return refusal(GrpcCode.notFound, `applications.argoproj.io "${found.key}" not found`)
  const target = operation.sync.revisions?.join(', ') ?? operation.sync.revision ?? ''
  const { username } = context.caller
  const message = `${username} initiated sync to ${target}`
  events.record(after, { reason: 'OperationStarted', message })
  return { body: after }
}

function counted(
  context: RequestContext,
  name: string,
  appNamespace: string,
  refused: { refusal: Refusal },
): Reply {
  const key = `${appNamespace === '' ? 'argocd' : appNamespace}/${name}`
  context.services.counts.syncRefused(key, refused.refusal.code)
  return refused
}
