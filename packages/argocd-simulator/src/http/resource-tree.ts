import { createHash } from 'node:crypto'
import type { Application, Health } from '../application/application.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { ReplicaView } from '../cluster/workload.ts'
import { imagesOf } from '../render/image.ts'
import { groupVersionKind, type Manifest, resourceKey } from '../render/manifest.ts'
import { rfc3339 } from '../time.ts'

type Node = {
  group: string
  version: string
  kind: string
  namespace: string
  name: string
  uid: string
  resourceVersion: string
  parentRefs?: { group: string; kind: string; namespace: string; name: string; uid: string }[]
  info?: { name: string; value: string }[]
  networkingInfo?: { externalURLs: string[] }
  images?: string[]
  health?: Health
  createdAt?: string
}

/** The live objects, with the ReplicaSet and the pod that stand behind each workload. */
export function resourceTree(
  application: Application,
  cluster: Cluster,
): { nodes: Node[]; orphanedNodes: Node[]; hosts: unknown[] } {
  const { uid, resourceVersion } = application.metadata
  const manifests = cluster.manifests()
  const entrance = entranceOf(manifests)
  const nodes = manifests.flatMap((manifest) => {
    const node = nodeOf(manifest, cluster, uid, resourceVersion)
    if (manifest === entrance) node.networkingInfo = { externalURLs: [cluster.ingressUrl] }
    return [node, ...podNodes(node, manifest, cluster)]
  })
  return { nodes, orphanedNodes: [], hosts: [] }
}

/** The object that carries the external URL: an Ingress, else a Service, else the workload itself. */
function entranceOf(manifests: readonly Manifest[]): Manifest | undefined {
  const ofKind = (kind: string) => manifests.find((manifest) => manifest.kind === kind)
  return ofKind('Ingress') ?? ofKind('Service') ?? ofKind('Rollout') ?? ofKind('Deployment')
}

function nodeOf(
  manifest: Manifest,
  cluster: Cluster,
  applicationUid: string,
  resourceVersion: string,
): Node {
  const key = resourceKey(manifest)
  const live = cluster.live(key)
  const health = cluster.healthOf(key)
  const images = imagesOf([manifest])
  return {
    ...groupVersionKind(manifest),
    namespace: manifest.metadata.namespace ?? '',
    name: manifest.metadata.name,
    uid: uidOf(applicationUid, key),
    resourceVersion,
    ...(images.length === 0 ? {} : { images }),
    ...(health === undefined ? {} : { health }),
    ...(live === undefined ? {} : { createdAt: rfc3339(live.createdAtMs) }),
  }
}

function podNodes(owner: Node, manifest: Manifest, cluster: Cluster): Node[] {
  const workload = cluster.live(resourceKey(manifest))?.workload
  if (workload === undefined) return []
  return workload.replicas().flatMap((replica) => {
    const { restarts } = replica.container
    const hash = createHash('sha256').update(replica.hash).digest('hex').slice(0, 10)
    const set: Node = {
      ...owner,
      group: 'apps',
      version: 'v1',
      kind: 'ReplicaSet',
      name: `${owner.name}-${hash}`,
      uid: uidOf(owner.uid, `ReplicaSet/${hash}`),
      parentRefs: [reference(owner)],
      health: { status: 'Healthy' },
    }
    delete set.networkingInfo
    const isReady = replica.phase === 'ready'
    const pod: Node = {
      ...set,
      group: '',
      kind: 'Pod',
      name: `${set.name}-${uidOf(set.uid, 'pod').slice(0, 5)}`,
      uid: uidOf(set.uid, 'pod'),
      parentRefs: [reference(set)],
      health: { status: isReady ? 'Healthy' : 'Progressing' },
      createdAt: rfc3339(replica.createdAtMs),
      info: [
        { name: 'Containers', value: isReady ? '1/1' : '0/1' },
        // Argo CD leaves it out where there is none.
        ...(restarts === 0 ? [] : [{ name: 'Restart Count', value: String(restarts) }]),
      ],
      images: [replica.image],
    }
    return [set, pod]
  })
}

/** The live object of one pod; undefined where there is none of that name. */
export function livePod(
  application: Application,
  cluster: Cluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Record<string, unknown> | undefined {
  for (const manifest of cluster.manifests()) {
    const { uid, resourceVersion } = application.metadata
    const owner = nodeOf(manifest, cluster, uid, resourceVersion)
    const pods = podNodes(owner, manifest, cluster).filter(({ kind }) => kind === 'Pod')
    const index = pods.findIndex((pod) => pod.name === name && pod.namespace === namespace)
    const replica = cluster.live(resourceKey(manifest))?.workload?.replicas()[index]
    const pod = pods[index]
    if (pod === undefined || replica === undefined) continue
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, uid: pod.uid, creationTimestamp: rfc3339(replica.createdAtMs) },
      spec: { containers: [{ name: manifest.metadata.name, image: replica.image }] },
      status: { containerStatuses: [containerStatus(manifest.metadata.name, replica)] },
    }
  }
  return undefined
}

function containerStatus(name: string, { image, phase, container }: ReplicaView) {
  const { restarts, startedAtMs, last } = container
  const terminated = last && {
    exitCode: 1,
    reason: 'Error',
    startedAt: rfc3339(last.startedAtMs),
    finishedAt: rfc3339(last.finishedAtMs),
  }
  return {
    name,
    image,
    ready: phase === 'ready',
    restartCount: restarts,
    state:
      startedAtMs === undefined
        ? { waiting: { reason: 'CrashLoopBackOff' } }
        : { running: { startedAt: rfc3339(startedAtMs) } },
    lastState: terminated === undefined ? {} : { terminated },
  }
}

function reference(node: Node): NonNullable<Node['parentRefs']>[number] {
  const { group, kind, namespace, name, uid } = node
  return { group, kind, namespace, name, uid }
}

/** Stable across answers, in the form of a UUID. */
function uidOf(owner: string, key: string): string {
  const hex = createHash('sha256').update(`${owner} ${key}`).digest('hex')
  return hex.slice(0, 32).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
}
