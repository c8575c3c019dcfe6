import { createHash } from 'node:crypto'
import type { Health } from '../application/application.ts'
import type { Manifest } from '../render/manifest.ts'
import { pause, rfc3339 } from '../time.ts'
import { unexpected } from '../unexpected.ts'
import type { PodTemplate } from './pod-template.ts'
import { Replica } from './replica.ts'
import { Retirement } from './retirement.ts'
import { type RolloutStep, rolloutSteps } from './rollout-steps.ts'
import {
  type ReplicaView,
  replicaView,
  type Workload,
  type WorkloadAction,
  type WorkloadContext,
} from './workload.ts'

type Running = { replica: Replica; hash: string; image: string }

const POD_HASH_LENGTH = 10

/**
 * An Argo Rollout with canary steps. The canary gets its share of the real requests.
 *
 *   Healthy ──new template──▶ Progressing ──pause step──▶ Paused ──resume──▶ Progressing ──last step──▶ Healthy
 *      Progressing, Paused ──abort──▶ Degraded (all traffic on stable) ──retry──▶ Progressing
 *
 * The controller is not Argo CD's own: what Argo CD sees right after an apply is the old status.
 */
export class Rollout implements Workload {
  readonly #context: WorkloadContext
  readonly #retirement: Retirement
  #template: PodTemplate | undefined
  #steps: RolloutStep[] = []
  #stable: Running | undefined
  #canary: Running | undefined
  #stepIndex = 0
  #weightPercent = 0
  #pausedAtMs: number | undefined
  #isAborted = false
  #staleHealth: Health | undefined
  #revision = 0
  #timers = new AbortController()
  #endActivity: () => void = () => undefined

  constructor(context: WorkloadContext) {
    this.#context = context
    this.#retirement = new Retirement(context.activity, context.timing.drainMs)
  }

  apply(manifest: Manifest, template: PodTemplate): void {
    const read = rolloutSteps(manifest)
    if ('invalid' in read) return
    this.#steps = read.steps
    if (this.#template?.hash === template.hash) return
    const isFirst = this.#template === undefined
    if (!isFirst && this.#context.staleHealthMs > 0) this.#staleHealth = this.health()
    this.#template = template
    this.#revision += 1
    this.#restartTimers()
    this.#beginActivity()
    pause(isFirst ? 0 : this.#context.staleHealthMs, this.#timers.signal).then((isCurrent) => {
      if (isCurrent) this.#beginUpdate(template)
    }, unexpected)
    this.#context.onChange()
  }

  health(): Health {
    return this.#staleHealth ?? this.#truth()
  }

  waveHealth(): Health {
    return this.health()
  }

  status(): Record<string, unknown> {
    const { status, message } = this.health()
    const isPaused = this.#pausedAtMs !== undefined
    return {
      phase: status === 'Suspended' ? 'Paused' : status,
      ...(message === undefined ? {} : { message }),
      currentStepIndex: this.#canary === undefined ? this.#steps.length : this.#stepIndex,
      ...(isPaused
        ? {
            pauseConditions: [
              { reason: 'CanaryPauseStep', startTime: rfc3339(this.#pausedAtMs ?? 0) },
            ],
          }
        : {}),
      ...(this.#isAborted ? { abort: true } : {}),
      stableRS: podHash(this.#stable?.hash),
      currentPodHash: podHash(this.#template?.hash),
      observedGeneration: String(
        this.#staleHealth === undefined ? this.#revision : this.#revision - 1,
      ),
    }
  }

  replicas(): ReplicaView[] {
    return [this.#stable, this.#canary].flatMap((one) =>
      one === undefined ? [] : [replicaView(one)],
    )
  }

  actions(): WorkloadAction[] {
    const isUpdating = this.#canary !== undefined && this.#stable !== undefined
    const isPaused = this.#pausedAtMs !== undefined
    return [
      { name: 'abort', disabled: !isUpdating, run: () => this.#abort() },
      { name: 'promote-full', disabled: !isUpdating, run: () => this.#promoteFull() },
      { name: 'resume', disabled: !isPaused, run: () => this.#passStep() },
      { name: 'retry', disabled: !this.#isAborted, run: () => this.#retry() },
      { name: 'skip-current-step', disabled: !isUpdating, run: () => this.#passStep() },
    ]
  }

  async remove(): Promise<void> {
    this.#timers.abort()
    this.#endActivity()
    this.#context.route({})
    this.#retirement.add(this.#canary?.replica)
    this.#retirement.add(this.#stable?.replica)
    this.#template = undefined
    this.#canary = undefined
    this.#stable = undefined
    await this.#retirement.done()
  }

  #truth(): Health {
    if (this.#template === undefined) return { status: 'Missing' }
    if (this.#isAborted) {
      const message = `RolloutAborted: Rollout aborted update to revision ${this.#revision}`
      return { status: 'Degraded', message }
    }
    const newest = this.#canary ?? this.#stable
    const phase = newest?.replica.phase
    if (phase === 'late' || phase === 'crash-looping') {
      const message = 'ProgressDeadlineExceeded: the new ReplicaSet has timed out progressing.'
      return { status: 'Degraded', message }
    }
    if (this.#pausedAtMs !== undefined) return { status: 'Suspended', message: 'CanaryPauseStep' }
    if (this.#canary === undefined && phase === 'ready') return { status: 'Healthy' }
    return { status: 'Progressing', message: 'more replicas need to be updated' }
  }

  #beginUpdate(template: PodTemplate): void {
    this.#staleHealth = undefined
    this.#isAborted = false
    this.#dropCanary()
    const { hash, image } = template
    if (this.#stable?.hash !== hash) {
      const { timing } = this.#context
      const replica = new Replica(template, timing, () => this.#onReplicaChange())
      this.#canary = { replica, hash, image }
      this.#stepIndex = 0
    }
    this.#onReplicaChange()
  }

  #onReplicaChange(): void {
    const isReady = this.#canary?.replica.phase === 'ready'
    if (isReady && this.#stable === undefined) this.#promote()
    else if (isReady && this.#pausedAtMs === undefined) this.#walk()
    this.#changed()
  }

  /** Goes through the steps until one makes it wait. */
  #walk(): void {
    for (; this.#stepIndex < this.#steps.length; this.#stepIndex += 1) {
      const step = this.#steps[this.#stepIndex]
      if (step?.code === 'set-weight') this.#weightPercent = step.weightPercent
      if (step?.code === 'pause') {
        this.#pauseHere(step.durationMs)
        return
      }
    }
    this.#promote()
  }

  #pauseHere(durationMs: number | undefined): void {
    this.#pausedAtMs = Date.now()
    if (durationMs === undefined) return
    pause(durationMs, this.#timers.signal).then((isCurrent) => {
      if (isCurrent) this.#passStep()
    }, unexpected)
  }

  #passStep(): void {
    this.#restartTimers()
    this.#beginActivity()
    this.#pausedAtMs = undefined
    this.#stepIndex += 1
    if (this.#canary?.replica.phase === 'ready') this.#walk()
    this.#changed()
  }

  #promoteFull(): void {
    this.#restartTimers()
    this.#pausedAtMs = undefined
    this.#stepIndex = this.#steps.length
    if (this.#canary?.replica.phase === 'ready') this.#promote()
    this.#changed()
  }

  #promote(): void {
    const old = this.#stable
    this.#stable = this.#canary
    this.#canary = undefined
    this.#weightPercent = 0
    this.#pausedAtMs = undefined
    this.#reroute()
    this.#retirement.add(old?.replica)
  }

  #abort(): void {
    this.#restartTimers()
    this.#dropCanary()
    this.#isAborted = true
    this.#changed()
  }

  #retry(): void {
    if (this.#template === undefined) return
    this.#beginActivity()
    this.#beginUpdate(this.#template)
  }

  #dropCanary(): void {
    const dropped = this.#canary
    this.#canary = undefined
    this.#weightPercent = 0
    this.#pausedAtMs = undefined
    this.#reroute()
    this.#retirement.add(dropped?.replica)
  }

  #changed(): void {
    this.#reroute()
    if (this.health().status !== 'Progressing') this.#endActivity()
    this.#context.onChange()
  }

  #reroute(): void {
    const stable = this.#stable?.replica.port
    const port = this.#canary?.replica.port
    const weightPercent = this.#weightPercent
    this.#context.route({
      ...(stable === undefined ? {} : { stable }),
      ...(port === undefined || weightPercent === 0 ? {} : { canary: { port, weightPercent } }),
    })
  }

  #restartTimers(): void {
    this.#timers.abort()
    this.#timers = new AbortController()
  }

  #beginActivity(): void {
    this.#endActivity()
    this.#endActivity = this.#context.activity.begin('rollout')
  }
}

function podHash(hash: string | undefined): string {
  if (hash === undefined) return ''
  return createHash('sha256').update(hash).digest('hex').slice(0, POD_HASH_LENGTH)
}
