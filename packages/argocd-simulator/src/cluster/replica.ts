import { pause } from '../time.ts'
import type { Timing } from '../timing.ts'
import { SampleProcess } from './sample-process.ts'

export type ReplicaPhase =
  /** Started, not ready yet. */
  | 'starting'
  | 'ready'
  /** Was ready once and is not any more. */
  | 'not-ready'
  /** Not ready for longer than the progress deadline; may still become ready. */
  | 'late'
  /** Ended so often that it is not started again. */
  | 'crash-looping'

/** The container of a replica, as a pod's status tells of it. */
export type ContainerHistory = {
  readonly restarts: number
  /** Undefined while it waits to be started again. */
  readonly startedAtMs: number | undefined
  /** The instance before. */
  readonly last: { readonly startedAtMs: number; readonly finishedAtMs: number } | undefined
}

export type ReplicaTemplate = {
  readonly version: string
  readonly environment: Readonly<Record<string, string>>
  readonly progressDeadlineMs: number
}

const CRASHES_UNTIL_GIVEN_UP = 3

/** A ready process is probed this much less often: it mostly stays ready, and probes cost real requests. */
const READY_PROBE_FACTOR = 8

/**
 * Keeps one process of a version running, as a ReplicaSet of one pod would.
 *
 *   starting ──ready──▶ ready ◀──▶ not-ready ──deadline──▶ late
 *      └──deadline──▶ late ──ready──▶ ready      any ──third crash──▶ crash-looping
 */
export class Replica {
  readonly template: ReplicaTemplate
  readonly #timing: Timing
  readonly #onChange: () => void
  readonly #stopping = new AbortController()
  readonly #ended: Promise<void>
  #process: SampleProcess | undefined
  #phase: ReplicaPhase = 'starting'
  #container: ContainerHistory = { restarts: 0, startedAtMs: Date.now(), last: undefined }
  readonly createdAtMs = Date.now()

  constructor(template: ReplicaTemplate, timing: Timing, onChange: () => void) {
    this.template = template
    this.#timing = timing
    this.#onChange = onChange
    this.#ended = this.#run()
  }

  get phase(): ReplicaPhase {
    return this.#phase
  }

  get container(): ContainerHistory {
    return this.#container
  }

  /** Where it answers, while it is ready. */
  get port(): number | undefined {
    return this.#phase === 'ready' ? this.#process?.port : undefined
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Ends the process, letting running requests finish for up to `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping.abort()
    await this.#process?.stop(drainMs)
    await this.#ended
  }

  async #run(): Promise<void> {
    let crashes = 0
    while (!this.#stopping.signal.aborted) {
      const startedAtMs = Date.now()
      this.#container = { ...this.#container, restarts: crashes, startedAtMs }
      this.#process = new SampleProcess(this.template.version, this.template.environment)
      await this.#probeUntilExit(this.#process)
      if (this.#stopping.signal.aborted) return
      crashes += 1
      const last = { startedAtMs, finishedAtMs: Date.now() }
      this.#container = { ...this.#container, startedAtMs: undefined, last }
      if (crashes >= CRASHES_UNTIL_GIVEN_UP) {
        this.#enter('crash-looping')
        return
      }
      if (this.#phase === 'ready') this.#enter('not-ready')
      await pause(this.#timing.crashRestartMs * 2 ** (crashes - 1), this.#stopping.signal)
    }
  }

  async #probeUntilExit(process: SampleProcess): Promise<void> {
    let notReadySinceMs = Date.now()
    while (!this.#stopping.signal.aborted && !process.hasExited) {
      const isReady = await process.isReady()
      if (this.#stopping.signal.aborted || process.hasExited) return
      if (isReady) this.#enter('ready')
      else if (this.#phase === 'ready') {
        notReadySinceMs = Date.now()
        this.#enter('not-ready')
      } else if (Date.now() - notReadySinceMs > this.template.progressDeadlineMs)
        this.#enter('late')
      const factor = isReady ? READY_PROBE_FACTOR : 1
      await Promise.race([
        pause(this.#timing.probeMs * factor, this.#stopping.signal),
        process.exited,
      ])
    }
  }

  #enter(phase: ReplicaPhase): void {
    if (this.#phase === phase) return
    this.#phase = phase
    this.#onChange()
  }
}
