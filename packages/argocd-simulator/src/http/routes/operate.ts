import { z } from 'zod'
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

export const operateRoutes: readonly Route[] = [
  { method: 'POST', path: '/api/v1/applications/{name}/sync', handle: sync },
  { method: 'POST', path: '/api/v1/applications/{name}/rollback', handle: rollback },
  { method: 'DELETE', path: '/api/v1/applications/{name}/operation', handle: terminate },
]

const nameValueSchema = z.object({ name: z.string().default(''), value: z.string().default('') })

const syncSchema = z.object({
  project: z.string().default(''),
  appNamespace: z.string().default(''),
  revision: z.string().default(''),
  revisions: z.array(z.string()).default([]),
  sourcePositions: z.array(z.number().int()).default([]),
  prune: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  strategy: z
    .object({
      apply: z.object({ force: z.boolean().exactOptional() }).nullish(),
      hook: z.object({ force: z.boolean().exactOptional() }).nullish(),
    })
    .nullish(),
  resources: z
    .array(
      z.object({
        group: z.string().exactOptional(),
        kind: z.string().default(''),
        name: z.string().default(''),
        namespace: z.string().exactOptional(),
      }),
    )
    .nullish(),
  manifests: z.array(z.string()).nullish(),
  infos: z.array(nameValueSchema).nullish(),
  retryStrategy: z
    .object({
      limit: z.number().int().exactOptional(),
      refresh: z.boolean().exactOptional(),
      backoff: z
        .object({
          duration: z.string().exactOptional(),
          factor: z.number().int().exactOptional(),
          maxDuration: z.string().exactOptional(),
        })
        .exactOptional(),
    })
    .nullish(),
  syncOptions: z.object({ items: z.array(z.string()).nullish() }).nullish(),
})

type SyncRequest = z.output<typeof syncSchema>

const rollbackSchema = z.object({
  id: z.number().int().default(0),
  prune: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  project: z.string().default(''),
  appNamespace: z.string().default(''),
})

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

/** The revision asked for, by source. Positions count from 1. */
function wantedRevisions(request: SyncRequest, sourceCount: number): string[] {
  const wanted = Array.from({ length: sourceCount }, () => '')
  if (sourceCount > 0) wanted[0] = request.revision
  request.sourcePositions.forEach((position, index) => {
    wanted[position - 1] = request.revisions[index] ?? ''
  })
  return wanted
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
