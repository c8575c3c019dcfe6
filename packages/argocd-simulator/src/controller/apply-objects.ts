import type { ResourceReference, ResourceResult } from '../application/application.ts'
import type { ApplyOutcome, Cluster } from '../cluster/cluster.ts'
import { imagesOf } from '../render/image.ts'
import { groupVersionKind, type Manifest, resourceKey } from '../render/manifest.ts'
import { pause } from '../time.ts'
import type { Timing } from '../timing.ts'
import { waveOf } from './compare.ts'

export type ApplyRequest = {
  readonly manifests: readonly Manifest[]
  readonly cluster: Cluster
  /** Only these objects (a partial sync); all when empty. */
  readonly only: readonly ResourceReference[]
  readonly prune: boolean
  readonly dryRun: boolean
  /** A cluster that refuses everything once, with this text. */
  readonly injectedError: string | undefined
  readonly timing: Timing
  readonly signal: AbortSignal
  onProgress(message: string, results: readonly ResourceResult[]): void
}

export type ApplyResult = {
  code: 'applied' | 'failed' | 'stopped'
  message: string
  results: ResourceResult[]
}

/** Kubernetes names no reason beyond this when health, not an apply, was what failed. */
export const UNSUCCESSFUL = 'one or more synchronization tasks completed unsuccessfully'

/**
 * Brings desired objects into the cluster, wave by wave. With one wave and no hooks it is over as soon as the
 * objects are applied (`isMultiStep` says that hooks follow): nobody waits for health, which is why Succeeded does not mean running.
 */
export async function applyObjects(
  request: ApplyRequest & { readonly isMultiStep: boolean },
): Promise<ApplyResult> {
  const results: ResourceResult[] = []
  const selected = request.manifests.filter((manifest) => isSelected(request.only, manifest))
  const invalid = selected.flatMap((manifest) => {
    const message = request.cluster.invalidityOf(manifest)
    return message === undefined ? [] : [resourceResult(manifest, 'SyncFailed', message)]
  })
  if (invalid.length > 0) return failed(invalid)
  if (request.dryRun) {
    results.push(
      ...selected.map((one) =>
        resourceResult(one, 'Synced', `${shortName(one)} configured (dry run)`),
      ),
    )
    return { code: 'applied', message: 'successfully synced (dry run)', results }
  }
  const waves = [...new Set(selected.map(waveOf))].sort((a, b) => a - b)
  const waits = request.isMultiStep || waves.length > 1
  for (const [index, wave] of waves.entries()) {
    if (index > 0 && !(await pause(request.timing.waveDelayMs, request.signal)))
      return stopped(results)
    const members = selected.filter((manifest) => waveOf(manifest) === wave)
    results.push(...members.map((manifest) => applyOne(request, manifest)))
    const refused = results.filter((result) => result.status === 'SyncFailed')
    if (refused.length > 0) return failed(results)
    if (!waits) continue
    const waited = await waitForHealth(request, members, results)
    if (waited === 'stopped') return stopped(results)
    if (waited === 'degraded') return { code: 'failed', message: UNSUCCESSFUL, results }
  }
  results.push(...(await prune(request)))
  return { code: 'applied', message: 'successfully synced (all tasks run)', results }
}

/** `deployment.apps/carts`, as kubectl names things. */
export function shortName(manifest: Manifest): string {
  const { group, kind } = groupVersionKind(manifest)
  return `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${manifest.metadata.name}`
}

export function resourceResult(
  manifest: Manifest,
  status: NonNullable<ResourceResult['status']>,
  message: string,
): ResourceResult {
  const images = imagesOf([manifest])
  return {
    ...groupVersionKind(manifest),
    namespace: manifest.metadata.namespace ?? '',
    name: manifest.metadata.name,
    status,
    message,
    hookPhase: status === 'SyncFailed' ? 'Failed' : 'Running',
    syncPhase: 'Sync',
    ...(images.length === 0 ? {} : { images }),
  }
}

function applyOne(request: ApplyRequest, manifest: Manifest): ResourceResult {
  const outcome: ApplyOutcome =
    request.injectedError === undefined
      ? request.cluster.apply(manifest)
      : { code: 'refused', message: request.injectedError }
  return outcome.code === 'refused'
    ? resourceResult(manifest, 'SyncFailed', outcome.message)
    : resourceResult(manifest, 'Synced', `${shortName(manifest)} ${outcome.code}`)
}

async function waitForHealth(
  request: ApplyRequest,
  members: readonly Manifest[],
  results: readonly ResourceResult[],
): Promise<'healthy' | 'degraded' | 'stopped'> {
  for (;;) {
    const waiting = members.filter((manifest) => {
      const health = request.cluster.waveHealthOf(resourceKey(manifest))
      return health !== undefined && health.status !== 'Healthy' && health.status !== 'Suspended'
    })
    const [first] = waiting
    if (first === undefined) return 'healthy'
    const isDegraded = waiting.some(
      (manifest) => request.cluster.waveHealthOf(resourceKey(manifest))?.status === 'Degraded',
    )
    if (isDegraded) return 'degraded'
    const { group, kind } = groupVersionKind(first)
    const more = waiting.length === 1 ? '' : ` and ${waiting.length - 1} more resources`
    request.onProgress(
      `waiting for healthy state of ${group}/${kind}/${first.metadata.name}${more}`,
      results,
    )
    if (!(await pause(request.timing.resourceEventMs, request.signal))) return 'stopped'
  }
}

async function prune(request: ApplyRequest): Promise<ResourceResult[]> {
  const wanted = new Set(request.manifests.map(resourceKey))
  const surplus = request.cluster
    .manifests()
    .filter((manifest) => !wanted.has(resourceKey(manifest)) && isSelected(request.only, manifest))
  const results: ResourceResult[] = []
  for (const manifest of surplus) {
    if (request.prune) {
      await request.cluster.remove(resourceKey(manifest))
      results.push(resourceResult(manifest, 'Pruned', 'pruned'))
    } else results.push(resourceResult(manifest, 'PruneSkipped', 'ignored (requires pruning)'))
  }
  return results
}

function isSelected(only: readonly ResourceReference[], manifest: Manifest): boolean {
  if (only.length === 0) return true
  const { group, kind } = groupVersionKind(manifest)
  return only.some(
    (wanted) =>
      wanted.kind === kind &&
      wanted.name === manifest.metadata.name &&
      (wanted.group ?? '') === group &&
      (wanted.namespace === undefined || wanted.namespace === manifest.metadata.namespace),
  )
}

function failed(results: ResourceResult[]): ApplyResult {
  const reasons = results
    .filter((result) => result.status === 'SyncFailed')
    .map((result) => result.message)
  return {
    code: 'failed',
    message: `one or more objects failed to apply, reason: ${reasons.join(',')}`,
    results,
  }
}

function stopped(results: ResourceResult[]): ApplyResult {
  return { code: 'stopped', message: 'Operation terminated', results }
}
