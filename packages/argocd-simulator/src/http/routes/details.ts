import { type Application, hasMultipleSources, sourcesOf } from '../../application/application.ts'
import { isErrorCondition } from '../../controller/conditions.ts'
import { isActive, type SyncWindow } from '../../controller/sync-windows.ts'
import { commitReferences } from '../../git/commit-references.ts'
import { GitError } from '../../git/git-command.ts'
import type { DesiredState } from '../../render/desired-state.ts'
import { groupVersionKind, type Manifest, RenderError, resourceKey } from '../../render/manifest.ts'
import { rfc3339 } from '../../time.ts'
import { GrpcCode, type Refusal, refusal } from '../grpc-error.ts'
import {
  type Found,
  findQueried,
  type Reply,
  type RequestContext,
  type Route,
} from '../request-context.ts'
import { resourceTree } from '../resource-tree.ts'

const BASE = '/api/v1/applications/{name}'

export const detailRoutes: readonly Route[] = [
  { method: 'GET', path: `${BASE}/resource-tree`, handle: tree },
  { method: 'GET', path: `${BASE}/managed-resources`, handle: managedResources },
  { method: 'GET', path: `${BASE}/events`, handle: events },
  { method: 'GET', path: `${BASE}/manifests`, handle: manifests },
  { method: 'GET', path: `${BASE}/syncwindows`, handle: syncWindows },
  { method: 'GET', path: `${BASE}/revisions/{revision}/metadata`, handle: revisionMetadata },
]

function tree(context: RequestContext): Reply {
  const found = findQueried(context)
  if ('refusal' in found) return found
  return { body: resourceTree(found.application, found.running.cluster) }
}

async function managedResources(context: RequestContext): Promise<Reply> {
  const found = findQueried(context)
  if ('refusal' in found) return found
  const desired = await desiredOf(context, found, [])
  if ('refusal' in desired) return desired
  const { cluster } = found.running
  const targets = new Map(desired.state.manifests.map((one) => [resourceKey(one), one]))
  const lives = new Map(cluster.manifests().map((one) => [resourceKey(one), one]))
  const keys = [...new Set([...targets.keys(), ...lives.keys()])].sort()
  const statuses = new Map(
    (found.application.status.resources ?? []).map(({ group, kind, namespace, name, status }) => [
      `${group}/${kind}/${namespace}/${name}`,
      status,
    ]),
  )
  const items = keys.flatMap((key) => {
    const target = targets.get(key)
    const live = lives.get(key)
    const shown = target ?? live
    if (shown === undefined) return []
    const liveState = json(live)
    return [
      {
        ...groupKindName(shown),
        targetState: json(target),
        liveState,
        normalizedLiveState: liveState,
        predictedLiveState: json(target ?? live),
        modified: statuses.get(key) !== 'Synced',
      },
    ]
  })
  return { body: { items } }
}

function events(context: RequestContext): Reply {
  const found = findQueried(context)
  if ('refusal' in found) return found
  const { store, events: log } = context.services
  return {
    body: {
      metadata: { resourceVersion: store.resourceVersion },
      items: log.of(found.application),
    },
  }
}

async function manifests(context: RequestContext): Promise<Reply> {
  const found = findQueried(context)
  if ('refusal' in found) return found
  const revision = context.query.get('revision') ?? ''
  const desired = await desiredOf(context, found, revision === '' ? [] : [revision])
  if ('refusal' in desired) return desired
  const { destination } = found.application.spec
  return {
    body: {
      manifests: [...desired.state.manifests, ...desired.state.hooks].map((one) =>
        JSON.stringify(one),
      ),
      revision: desired.state.revisions[0] ?? '',
      sourceType: desired.state.sourceType,
      namespace: destination.namespace ?? '',
      server: destination.server ?? '',
    },
  }
}

function syncWindows(context: RequestContext): Reply {
  const found = findQueried(context)
  if ('refusal' in found) return found
  const { projects } = context.services
  const windows = projects.windowsOf(found.application)
  const shown = ({ kind, schedule, duration, manualSync }: SyncWindow) => ({
    kind,
    schedule,
    duration,
    manualSync: manualSync === true,
  })
  const active = windows.filter((window) => isActive(window, Date.now()))
  return {
    body: {
      activeWindows: active.map(shown),
      assignedWindows: windows.map(shown),
      canSync: projects.canSync(found.application, true),
    },
  }
}

async function revisionMetadata(context: RequestContext): Promise<Reply> {
  const found = findQueried(context)
  if ('refusal' in found) return found
  const sources = sourcesOf(found.application.spec)
  const source = sources[Number(context.query.get('sourceIndex') ?? 0)]
  if (source === undefined) {
    return refusal(GrpcCode.invalidArgument, 'source index not found')
  }
  try {
    const repository = context.services.repositories.get(source.repoURL)
    const sha = await repository.resolve(context.parameters['revision'] ?? '', 0)
    const commit = await repository.describe(sha)
    const references = commitReferences(commit.message)
    return {
      body: {
        author: commit.author,
        date: rfc3339(Date.parse(commit.date)),
        ...(commit.tags.length === 0 ? {} : { tags: commit.tags }),
        message: commit.message,
        ...(references.length === 0 ? {} : { references }),
      },
    }
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    return refusal(GrpcCode.unknown, `error getting revision metadata: ${error.message}`)
  }
}

async function desiredOf(
  context: RequestContext,
  { application }: Found,
  revisions: readonly string[],
): Promise<{ state: DesiredState } | { refusal: Refusal }> {
  try {
    const sources = sourcesOf(application.spec)
    const isMultiple = hasMultipleSources(application.spec)
    const wish = { sources, isMultiple, revisions, maxAgeMs: 0 }
    return { state: await context.services.desiredStates.get(application, wish) }
  } catch (error) {
    if (!(error instanceof GitError || error instanceof RenderError)) throw error
    const known = knownProblem(application)
    return refusal(GrpcCode.unknown, known ?? `error generating manifests: ${error.message}`)
  }
}

/** The words of the condition, if the controller has already found the same problem. */
function knownProblem(application: Application): string | undefined {
  return application.status.conditions?.find(isErrorCondition)?.message
}

function groupKindName(manifest: Manifest): Record<string, string> {
  const { group, kind } = groupVersionKind(manifest)
  const { name, namespace } = manifest.metadata
  return { group, kind, namespace: namespace ?? '', name }
}

function json(manifest: Manifest | undefined): string {
  return manifest === undefined ? 'null' : JSON.stringify(manifest)
}
