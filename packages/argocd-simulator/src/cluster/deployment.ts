import type { Health } from '../application/application.ts'
import type { Manifest } from '../render/manifest.ts'
import { pause } from '../time.ts'
import { unexpected } from '../unexpected.ts'
import type { PodTemplate } from './pod-template.ts'
import { Replica } from './replica.ts'
import { Retirement } from './retirement.ts'
import {
  type ReplicaView,
  replicaView,
  type Workload,
  type WorkloadAction,
  type WorkloadContext,
} from './workload.ts'

type RunningReplica = { replica: Replica; hash: string; image: string }

/**
 * A Deployment of one process with a rolling update: the new process starts beside the old one, gets the
 * traffic when it is ready, then the old one ends. While the new one is not ready the old one serves on.
 */
export class Deployment implements Workload {
  readonly #context: WorkloadContext
  #name = ''
  #template: PodTemplate | undefined
  #serving: RunningReplica | undefined
  #newest: RunningReplica | undefined
  #staleHealth: Health | undefined
  #generation = 0
  #rolling = new AbortController()
  #endActivity: () => void = () => undefined
  readonly #retirement: Retirement

  constructor(context: WorkloadContext) {
    this.#context = context
    this.#retirement = new Retirement(context.activity, context.timing.drainMs)
  }

  apply(manifest: Manifest, template: PodTemplate): void {
    this.#name = manifest.metadata.name
    const before = this.#template
    const isSame =
      before?.hash === template.hash &&
      before.replicas === template.replicas &&
      before.isPaused === template.isPaused
    if (isSame) return
    const healthBefore = before === undefined ? undefined : this.health()
    this.#template = template
    this.#generation += 1
    this.#rolling.abort()
    this.#rolling = new AbortController()
    this.#endActivity()
    this.#endActivity = this.#context.activity.begin(`rollout of ${this.#name}`)
    this.#staleHealth = this.#context.staleHealthMs > 0 ? healthBefore : undefined
    const staleMs = this.#staleHealth === undefined ? 0 : this.#context.staleHealthMs
    pause(staleMs, this.#rolling.signal).then((isCurrent) => {
      if (isCurrent) this.#observe(template)
    }, unexpected)
    this.#context.onChange()
  }

  health(): Health {
    return this.#staleHealth ?? this.#truth()
  }

  waveHealth(): Health {
    if (this.#staleHealth === undefined) return this.#truth()
    const message =
      'Waiting for rollout to finish: observed deployment generation less than desired generation'
    return { status: 'Progressing', message }
  }

  status(): Record<string, unknown> {
    const isReady = this.#newest?.replica.phase === 'ready'
    const isObserved = this.#staleHealth === undefined
    return {
      observedGeneration: isObserved ? this.#generation : this.#generation - 1,
      replicas: this.#template?.replicas ?? 0,
      updatedReplicas: this.#newest === undefined ? 0 : 1,
      availableReplicas: isReady ? 1 : 0,
    }
  }

  replicas(): ReplicaView[] {
    const running = new Set([this.#serving, this.#newest])
    return [...running].flatMap((one) => (one === undefined ? [] : [replicaView(one)]))
  }

  actions(): WorkloadAction[] {
    return [{ name: 'restart', disabled: this.#template === undefined, run: () => this.#restart() }]
  }

  async remove(): Promise<void> {
    this.#rolling.abort()
    this.#endActivity()
    this.#context.route({})
    this.#template = undefined
    for (const one of new Set([this.#newest, this.#serving])) this.#retirement.add(one?.replica)
    this.#newest = undefined
    this.#serving = undefined
    await this.#retirement.done()
  }

  #truth(): Health {
    const template = this.#template
    if (template === undefined) return { status: 'Missing' }
    if (template.isPaused) return { status: 'Suspended', message: 'Deployment is paused' }
    if (template.replicas === 0) return { status: 'Healthy' }
    switch (this.#newest?.replica.phase) {
      case 'ready':
        return { status: 'Healthy' }
      case 'late':
        return this.#degraded('')
      case 'crash-looping':
        return this.#degraded(' (its container keeps exiting: CrashLoopBackOff)')
      case 'not-ready':
      case 'starting':
      case undefined:
        return {
          status: 'Progressing',
          message: 'Waiting for rollout to finish: 0 of 1 updated replicas are available...',
        }
    }
  }

  #degraded(detail: string): Health {
    const message = `Deployment "${this.#name}" exceeded its progress deadline${detail}`
    return { status: 'Degraded', message }
  }

  /** The moment the Deployment controller sees the change: from here on health tells the truth. */
  #observe(template: PodTemplate): void {
    this.#staleHealth = undefined
    const wanted = template.replicas === 0 ? undefined : template.hash
    if (!template.isPaused && this.#newest?.hash !== wanted) {
      if (this.#newest !== this.#serving) this.#retirement.add(this.#newest?.replica)
      if (wanted === undefined) {
        this.#retirement.add(this.#serving?.replica)
        this.#serving = undefined
        this.#newest = undefined
        this.#context.route({})
      } else if (this.#serving?.hash === wanted) this.#newest = this.#serving
      else this.#newest = this.#start(template)
    }
    this.#onReplicaChange()
  }

  #start(template: PodTemplate): RunningReplica {
    const { hash, image } = template
    const replica = new Replica(template, this.#context.timing, () => this.#onReplicaChange())
    return { replica, hash, image }
  }

  #restart(): void {
    const template = this.#template
    if (template === undefined) return
    this.#endActivity()
    this.#endActivity = this.#context.activity.begin(`restart of ${this.#name}`)
    if (this.#newest !== this.#serving) this.#retirement.add(this.#newest?.replica)
    this.#newest = this.#start(template)
    this.#context.onChange()
  }

  #onReplicaChange(): void {
    const newest = this.#newest
    if (newest?.replica.phase === 'ready' && this.#serving !== newest) {
      const old = this.#serving
      this.#serving = newest
      this.#reroute()
      this.#retirement.add(old?.replica)
    } else this.#reroute()
    const { status } = this.health()
    if (status !== 'Progressing') this.#endActivity()
    this.#context.onChange()
  }

  #reroute(): void {
    const port = this.#serving?.replica.port
    this.#context.route(port === undefined ? {} : { stable: port })
  }
}
