import type { Activity } from '../activity.ts'
import { Cluster } from '../cluster/cluster.ts'
import { ApplicationController } from '../controller/application-controller.ts'
import type { ApplicationParts } from '../controller/application-parts.ts'
import type { EventLog } from '../controller/event-log.ts'
import type { Projects } from '../controller/projects.ts'
import type { Counts } from '../counts.ts'
import type { Random } from '../random.ts'
import type { DesiredStates } from '../render/desired-state.ts'
import { pause, rfc3339 } from '../time.ts'
import type { Timing } from '../timing.ts'
import type { Traps } from '../traps.ts'
import type { Operation } from './application.ts'
import {
  type ApplicationKey,
  type ApplicationStore,
  keyOf,
  type NewApplication,
} from './application-store.ts'

export type ApplicationsParts = {
  readonly store: ApplicationStore
  readonly desiredStates: DesiredStates
  readonly projects: Projects
  readonly events: EventLog
  readonly counts: Counts
  readonly activity: Activity
  readonly timing: Timing
  readonly traps: Traps
  readonly random: Random
}

export type RunningApplication = {
  readonly cluster: Cluster
  readonly controller: ApplicationController
  readonly closing: AbortController
  /** Texts with which the cluster refuses the next applies. */
  readonly injectedErrors: string[]
}

/** Every application with its destination and its controller, from addition to deletion. */
export class Applications {
  readonly #parts: ApplicationsParts
  readonly #running = new Map<ApplicationKey, RunningApplication>()

  constructor(parts: ApplicationsParts) {
    this.#parts = parts
  }

  get(key: ApplicationKey): RunningApplication | undefined {
    return this.#running.get(key)
  }

  /** Adds and starts an application. False if the name is taken. Throws if the ingress port is. */
  async add(added: NewApplication, ingressPort: number): Promise<boolean> {
    const key = keyOf(added)
    const { store, activity, timing, traps } = this.#parts
    if (store.get(key) !== undefined) return false
    const closing = new AbortController()
    const injectedErrors: string[] = []
    const cluster = new Cluster({
      timing,
      activity,
      staleHealthMs: traps.staleHealth ? timing.staleHealthMs : 0,
      onChange: () => this.#running.get(key)?.controller.onClusterChange(),
    })
    await cluster.open(ingressPort)
    if (store.add(added) === undefined) {
      await cluster.close()
      return false
    }
    const parts: ApplicationParts = {
      ...this.#parts,
      key,
      cluster,
      closing: closing.signal,
      takeInjectedError: () => injectedErrors.shift(),
      onOperationStarted: (operation) => this.#count(key, operation),
    }
    const controller = new ApplicationController(parts)
    this.#running.set(key, { cluster, controller, closing, injectedErrors })
    controller.start()
    return true
  }

  /**
   * Deletes an application: it stays for a moment with a deletionTimestamp, then it is gone. Resolves when it
   * is. `cascade` false only means that Argo CD would leave the objects; processes end either way, because
   * nothing would own them.
   */
  async delete(key: ApplicationKey): Promise<void> {
    const { store, activity, timing, events } = this.#parts
    const running = this.#running.get(key)
    if (running === undefined) return
    await activity.during('deletion', async () => {
      store.update(key, (application) => {
        application.metadata.deletionTimestamp ??= rfc3339(Date.now())
      })
      await pause(timing.deletionMs, running.closing.signal)
      running.closing.abort()
      this.#running.delete(key)
      const removed = store.remove(key)
      if (removed !== undefined) events.forget(removed)
      await running.cluster.close()
    })
  }

  async close(): Promise<void> {
    const all = [...this.#running.values()]
    for (const { closing } of all) closing.abort()
    this.#running.clear()
    await Promise.all(all.map(({ cluster }) => cluster.close()))
  }

  #count(key: ApplicationKey, operation: Operation): void {
    const { sync, info, initiatedBy } = operation
    this.#parts.counts.operation(key, {
      requestedAt: new Date().toISOString(),
      initiatedBy,
      info: info ?? [],
      revision: sync.revisions?.join(',') ?? sync.revision ?? '',
      dryRun: sync.dryRun === true,
      partial: (sync.resources?.length ?? 0) > 0,
      selfHeal: sync.autoHealAttemptsCount !== undefined,
    })
  }
}
