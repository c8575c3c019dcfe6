import type { Activity } from '../activity.ts'
import type { Health } from '../application/application.ts'
import type { Manifest } from '../render/manifest.ts'
import type { Timing } from '../timing.ts'
import type { Backends } from './ingress.ts'
import type { PodTemplate } from './pod-template.ts'
import type { ContainerHistory, Replica, ReplicaPhase } from './replica.ts'

/** An object with pods, as the simulator really runs it. */
export type Workload = {
  /** Starts whatever a changed pod template needs. Returns at once; `health` tells how it goes. */
  apply(manifest: Manifest, template: PodTemplate): void
  /** What Argo CD would see now, which may be older than the truth (trap `staleHealth`). */
  health(): Health
  /**
   * What a sync wave sees, which reads the object itself: a Deployment tells by its observedGeneration that it
   * has not been looked at yet, a third-party controller's object does not.
   */
  waveHealth(): Health
  /** The `status` of the live object. */
  status(): Record<string, unknown>
  /** The processes there are now, newest last. */
  replicas(): ReplicaView[]
  /** What can be done to it through resource actions. */
  actions(): WorkloadAction[]
  remove(): Promise<void>
}

export type ReplicaView = {
  readonly hash: string
  readonly image: string
  readonly phase: ReplicaPhase
  readonly createdAtMs: number
  readonly container: ContainerHistory
}

export function replicaView(one: { replica: Replica; hash: string; image: string }): ReplicaView {
  const { phase, createdAtMs, container } = one.replica
  return { hash: one.hash, image: one.image, phase, createdAtMs, container }
}

export type WorkloadAction = { name: string; disabled: boolean; run(): void }

export type WorkloadContext = {
  readonly timing: Timing
  readonly activity: Activity
  /** How long the old health is still shown after an apply; 0 switches the trap off. */
  readonly staleHealthMs: number
  /** Sends the requests of the ingress to these processes. */
  route(backends: Backends): void
  /** Something about health or status changed. */
  onChange(): void
}
