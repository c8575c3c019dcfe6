import { isDeepStrictEqual } from 'node:util'
import type { Health } from '../application/application.ts'
import { groupVersionKind, type Manifest, resourceKey } from '../render/manifest.ts'
import { Deployment } from './deployment.ts'
import { Ingress } from './ingress.ts'
import { podTemplateOf } from './pod-template.ts'
import { Rollout } from './rollout.ts'
import { rolloutSteps } from './rollout-steps.ts'
import type { Workload, WorkloadContext } from './workload.ts'

/** Text in this annotation makes every apply of the object fail with it: a cluster that refuses. */
export const APPLY_ERROR_ANNOTATION = 'simulator.tiphys.dev/apply-error'

export type ApplyOutcome =
  | { code: 'created' | 'configured' | 'unchanged' }
  | { code: 'refused'; message: string }

export type ClusterOptions = Omit<WorkloadContext, 'route'>

export type LiveObject = {
  /** As it is now, edits by others included. */
  manifest: Manifest
  /** As Argo CD applied it last. */
  applied: Manifest
  workload?: Workload
  createdAtMs: number
}

/**
 * The destination of one application: the objects that were applied, the processes they stand for, and the
 * ingress in front of the first of them. Processes survive whatever happens to comparisons and operations.
 */
export class Cluster {
  readonly #options: ClusterOptions
  readonly #ingress = new Ingress()
  readonly #objects = new Map<string, LiveObject>()
  #primaryKey: string | undefined

  constructor(options: ClusterOptions) {
    this.#options = options
  }

  /** Opens the ingress. Port 0 takes a free one. */
  async open(ingressPort: number): Promise<void> {
    await this.#ingress.listen(ingressPort)
  }

  get ingressUrl(): string {
    return this.#ingress.url
  }

  /** Live objects in the order in which they were created, as they were last applied. */
  manifests(): Manifest[] {
    return [...this.#objects.values()].map((object) => object.manifest)
  }

  get hasWorkload(): boolean {
    return this.#primaryKey !== undefined
  }

  live(key: string): LiveObject | undefined {
    return this.#objects.get(key)
  }

  /** Undefined for kinds without a health check, which count as nothing. */
  healthOf(key: string): Health | undefined {
    const object = this.#objects.get(key)
    if (object === undefined) return { status: 'Missing' }
    return object.workload?.health() ?? staticHealth(object.manifest)
  }

  /** Health as sync waves see it: read from the object itself, not through Argo CD's cache. */
  waveHealthOf(key: string): Health | undefined {
    return this.#objects.get(key)?.workload?.waveHealth() ?? this.healthOf(key)
  }

  /** What a dry run of the object finds wrong, without changing anything. */
  invalidityOf(manifest: Manifest): string | undefined {
    if (!isWorkload(manifest)) return undefined
    const pods = podTemplateOf(manifest, this.#options.timing.progressDeadlineMs)
    const read = isRollout(manifest) && !('invalid' in pods) ? rolloutSteps(manifest) : pods
    if (!('invalid' in read)) return undefined
    const { group, kind } = groupVersionKind(manifest)
    return `${kind}.${group} "${manifest.metadata.name}" is invalid: ${read.invalid}`
  }

  apply(manifest: Manifest): ApplyOutcome {
    const ordered = manifest.metadata.annotations?.[APPLY_ERROR_ANNOTATION]
    const message = ordered ?? this.invalidityOf(manifest)
    if (message !== undefined) return { code: 'refused', message }
    const key = resourceKey(manifest)
    const existing = this.#objects.get(key)
    if (isDeepStrictEqual(existing?.manifest, manifest)) {
      if (existing !== undefined) existing.applied = structuredClone(manifest)
      return { code: 'unchanged' }
    }
    const object: LiveObject = existing ?? {
      manifest,
      applied: manifest,
      createdAtMs: Date.now(),
    }
    object.applied = structuredClone(manifest)
    this.#objects.set(key, object)
    this.#change(key, object, manifest)
    return { code: existing === undefined ? 'created' : 'configured' }
  }

  /** Somebody edits a live object behind Argo CD's back. False if there is no such object. */
  edit(key: string, manifest: Manifest): boolean {
    const object = this.#objects.get(key)
    if (object === undefined) return false
    this.#change(key, object, manifest)
    return true
  }

  async remove(key: string): Promise<void> {
    const object = this.#objects.get(key)
    if (object === undefined) return
    this.#objects.delete(key)
    await object.workload?.remove()
    if (this.#primaryKey === key) {
      this.#primaryKey = [...this.#objects].find(([, other]) => other.workload !== undefined)?.[0]
    }
    this.#options.onChange()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#objects.values()].map((object) => object.workload?.remove()))
    this.#objects.clear()
    await this.#ingress.close()
  }

  #change(key: string, object: LiveObject, manifest: Manifest): void {
    object.manifest = structuredClone(manifest)
    if (isWorkload(manifest)) this.#run(key, object)
    else this.#options.onChange()
  }

  #run(key: string, object: LiveObject): void {
    const read = podTemplateOf(object.manifest, this.#options.timing.progressDeadlineMs)
    if ('invalid' in read) return
    this.#primaryKey ??= key
    object.workload ??= this.#createWorkload(key, object.manifest)
    object.workload.apply(object.manifest, read.template)
  }

  #createWorkload(key: string, manifest: Manifest): Workload {
    const context: WorkloadContext = {
      ...this.#options,
      route: (backends) => {
        if (this.#primaryKey === key) this.#ingress.route(backends)
      },
    }
    return isRollout(manifest) ? new Rollout(context) : new Deployment(context)
  }
}

export function isWorkload(manifest: Manifest): boolean {
  const { group, kind } = groupVersionKind(manifest)
  return (group === 'apps' && kind === 'Deployment') || isRollout(manifest)
}

function isRollout(manifest: Manifest): boolean {
  const { group, kind } = groupVersionKind(manifest)
  return group === 'argoproj.io' && kind === 'Rollout'
}

/** Kinds whose built-in check has nothing to wait for here. */
function staticHealth(manifest: Manifest): Health | undefined {
  return ['Service', 'Ingress', 'PersistentVolumeClaim'].includes(manifest.kind)
    ? { status: 'Healthy' }
    : undefined
}
