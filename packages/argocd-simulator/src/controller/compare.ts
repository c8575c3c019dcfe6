import { isDeepStrictEqual } from 'node:util'
import {
  type Application,
  type Health,
  type ResourceStatus,
  revisionFields,
  type SyncStatus,
  sourceFields,
} from '../application/application.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { DesiredState } from '../render/desired-state.ts'
import { imagesOf } from '../render/image.ts'
import { groupVersionKind, type Manifest, resourceKey } from '../render/manifest.ts'
import { aggregateHealth } from './health.ts'

export const IGNORE_HEALTH_ANNOTATION = 'argocd.argoproj.io/ignore-healthcheck'
export const SYNC_WAVE_ANNOTATION = 'argocd.argoproj.io/sync-wave'
const LINK_ANNOTATION_PREFIX = 'link.argocd.argoproj.io/'

export type Comparison = {
  sync: SyncStatus
  resources: ResourceStatus[]
  health: Health
  summary: { images?: string[]; externalURLs?: string[] }
}

/** Desired against live. Pure apart from reading the cluster; without a desired state sync is Unknown. */
export function compare(
  application: Application,
  desired: DesiredState | undefined,
  cluster: Cluster,
): Comparison {
  const resources = resourceStatuses(desired?.manifests ?? [], cluster, desired !== undefined)
  const isSynced = resources.every((resource) => resource.status === 'Synced')
  const { destination } = application.spec
  const sync: SyncStatus =
    desired === undefined
      ? { status: 'Unknown', comparedTo: application.status.sync.comparedTo }
      : {
          status: isSynced ? 'Synced' : 'OutOfSync',
          ...revisionFields(desired.isMultiple, desired.revisions),
          comparedTo: { ...sourceFields(desired.isMultiple, desired.sources), destination },
        }
  return {
    sync,
    resources,
    health: applicationHealth(desired?.manifests ?? [], cluster),
    summary: summary(application, cluster),
  }
}

export function waveOf(manifest: Manifest): number {
  return Number(manifest.metadata.annotations?.[SYNC_WAVE_ANNOTATION] ?? 0) || 0
}

function resourceStatuses(
  desired: readonly Manifest[],
  cluster: Cluster,
  isKnown: boolean,
): ResourceStatus[] {
  const desiredKeys = new Set(desired.map(resourceKey))
  const wanted = desired.map((manifest) => {
    const live = cluster.live(resourceKey(manifest))
    const isSame =
      live !== undefined &&
      isDeepStrictEqual(live.applied, manifest) &&
      isContained(manifest, live.manifest)
    return resourceStatus(manifest, isSame ? 'Synced' : 'OutOfSync')
  })
  const left = cluster.manifests().filter((manifest) => !desiredKeys.has(resourceKey(manifest)))
  const surplus = left.map(
    (manifest): ResourceStatus =>
      isKnown
        ? { ...resourceStatus(manifest, 'OutOfSync'), requiresPruning: true }
        : resourceStatus(manifest, 'Unknown'),
  )
  return [...wanted, ...surplus].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
}

function resourceStatus(manifest: Manifest, status: ResourceStatus['status']): ResourceStatus {
  const wave = waveOf(manifest)
  return {
    ...groupVersionKind(manifest),
    namespace: manifest.metadata.namespace ?? '',
    name: manifest.metadata.name,
    status,
    ...(wave === 0 ? {} : { syncWave: wave }),
  }
}

function sortKey(resource: ResourceStatus): string {
  return [resource.group, resource.kind, resource.namespace, resource.name].join('/')
}

function applicationHealth(desired: readonly Manifest[], cluster: Cluster): Health {
  const all = new Map([...cluster.manifests(), ...desired].map((one) => [resourceKey(one), one]))
  const healths: Health[] = []
  for (const [key, manifest] of all) {
    if (manifest.metadata.annotations?.[IGNORE_HEALTH_ANNOTATION] === 'true') continue
    const health = cluster.healthOf(key)
    if (health !== undefined) healths.push(health)
  }
  return aggregateHealth(healths)
}

function summary(application: Application, cluster: Cluster): Comparison['summary'] {
  const images = imagesOf(cluster.manifests())
  const links = Object.entries(application.metadata.annotations ?? {})
    .filter(([name]) => name.startsWith(LINK_ANNOTATION_PREFIX))
    .map(([, link]) => link)
  const externalURLs = [...(cluster.hasWorkload ? [cluster.ingressUrl] : []), ...links].sort()
  return {
    ...(images.length === 0 ? {} : { images }),
    ...(externalURLs.length === 0 ? {} : { externalURLs }),
  }
}

/** Whether everything that `wanted` says holds in `actual`, which may say more. */
function isContained(wanted: unknown, actual: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(actual) &&
      wanted.length === actual.length &&
      wanted.every((value, index) => isContained(value, actual[index]))
    )
  }
  if (typeof wanted !== 'object' || wanted === null) return wanted === actual
  if (typeof actual !== 'object' || actual === null) return false
  return Object.entries(wanted).every(([key, value]) =>
    isContained(value, (actual as Record<string, unknown>)[key]),
  )
}
