import {
  type Application,
  type ApplicationSource,
  hasMultipleSources,
  type Operation,
  type OperationPhase,
  type OperationState,
  type ResourceResult,
  revisionFields,
  sourceFields,
  sourcesOf,
} from '../application/application.ts'
import type { DesiredState } from '../render/desired-state.ts'
import { kitchenTime, pause, rfc3339 } from '../time.ts'
import type { ApplicationParts } from './application-parts.ts'
import { addHistory } from './history.ts'
import { applyWithHooks } from './hooks.ts'
import { mayRetry, retryDelayMs } from './retry.ts'

type Outcome = { phase: 'Succeeded' | 'Failed' | 'Error'; message: string } | 'stopped'

/**
 * One operation, from its request to its end.
 *
 *   (operation set) ──picked up──▶ Running ──applied──▶ Succeeded
 *        Running ──failed, retries left──▶ Running with finishedAt ──waited──▶ Running …
 *        Running ──failed──▶ Failed | Error        Running ──terminated──▶ Terminating ──▶ Failed
 *
 * While a sync window is closed it stays Running with a message. `terminate` ends it in any state; when the
 * whole simulator closes it just stops.
 */
export class OperationRun {
  readonly #parts: ApplicationParts
  readonly #operation: Operation
  readonly #terminating = new AbortController()
  readonly #signal: AbortSignal
  #state: OperationState
  #desired: DesiredState | undefined

  constructor(parts: ApplicationParts, operation: Operation) {
    this.#parts = parts
    this.#operation = operation
    this.#signal = AbortSignal.any([this.#terminating.signal, parts.closing])
    this.#state = { operation, phase: 'Running', startedAt: rfc3339(Date.now()) }
  }

  /** Ends it as soon as possible; it becomes Failed. */
  terminate(): void {
    this.#terminating.abort()
  }

  /** Resolves when the operation has left the application. */
  async run(): Promise<void> {
    const { timing, activity } = this.#parts
    await activity.during('operation', async () => {
      if (!(await pause(timing.operationPickupMs, this.#parts.closing))) return
      this.#state.startedAt = rfc3339(Date.now())
      this.#write()
      for (;;) {
        const outcome = await this.#attempt()
        if (this.#parts.closing.aborted) return
        if (outcome === 'stopped') return await this.#endTerminated()
        const isOver = outcome.phase === 'Succeeded' || !(await this.#waitForRetry(outcome))
        if (this.#parts.closing.aborted) return
        if (this.#terminating.signal.aborted) return await this.#endTerminated()
        if (isOver) return this.#end(outcome.phase, this.#finalMessage(outcome))
      }
    })
  }

  async #attempt(): Promise<Outcome> {
    if (!(await this.#waitForWindow())) return 'stopped'
    const application = this.#parts.store.get(this.#parts.key)
    if (application === undefined) return 'stopped'
    try {
      this.#desired = await this.#parts.desiredStates.get(application, this.#wish(application))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return { phase: 'Error', message: `ComparisonError: Failed to load target state: ${reason}` }
    }
    const { isMultiple, revisions, sources } = this.#desired
    this.#state.syncResult = {
      ...revisionFields(isMultiple, revisions),
      ...sourceFields(isMultiple, sources),
    }
    this.#write()
    if (!(await pause(this.#parts.timing.syncMs, this.#signal))) return 'stopped'
    return await this.#apply(this.#desired)
  }

  async #apply(desired: DesiredState): Promise<Outcome> {
    const { sync } = this.#operation
    const skipsHooks = sync.syncStrategy?.apply !== undefined || (sync.resources?.length ?? 0) > 0
    const applied = await applyWithHooks(
      {
        manifests: desired.manifests,
        only: sync.resources ?? [],
        cluster: this.#parts.cluster,
        prune: sync.prune === true,
        dryRun: sync.dryRun === true,
        injectedError: sync.dryRun === true ? undefined : this.#parts.takeInjectedError(),
        timing: this.#parts.timing,
        signal: this.#signal,
        onProgress: (message, results) => this.#progress(message, results),
      },
      skipsHooks || sync.dryRun === true ? [] : desired.hooks,
    )
    if (this.#state.syncResult !== undefined) this.#state.syncResult.resources = applied.results
    switch (applied.code) {
      case 'stopped':
        return 'stopped'
      case 'failed':
        return { phase: 'Failed', message: applied.message }
      case 'applied':
        return { phase: 'Succeeded', message: applied.message }
    }
  }

  /** Sources and revisions: those of the operation (a rollback brings its own), else those of the spec. */
  #wish(application: Application) {
    const { sync, retry } = this.#operation
    const own: ApplicationSource[] | undefined =
      sync.sources ?? (sync.source ? [sync.source] : undefined)
    const isMultiple = hasMultipleSources(application.spec)
    const takesLatest = retry.refresh === true && (this.#state.retryCount ?? 0) > 0
    const revisions = takesLatest ? [] : isMultiple ? (sync.revisions ?? []) : [sync.revision]
    return { sources: own ?? sourcesOf(application.spec), isMultiple, revisions, maxAgeMs: 0 }
  }

  async #waitForWindow(): Promise<boolean> {
    const isManual = this.#operation.initiatedBy.automated !== true
    for (;;) {
      if (this.#signal.aborted) return false
      const application = this.#parts.store.get(this.#parts.key)
      if (application === undefined) return false
      if (this.#parts.projects.canSync(application, isManual)) return true
      this.#progress('Sync operation blocked by sync window', [])
      const resume = this.#parts.activity.park()
      await pause(this.#parts.timing.windowCheckMs, this.#signal)
      resume()
    }
  }

  /** Waits for the next attempt, with phase Running *and* finishedAt. False when there is none. */
  async #waitForRetry(outcome: Exclude<Outcome, 'stopped'>): Promise<boolean> {
    const retryCount = this.#state.retryCount ?? 0
    if (!mayRetry(this.#operation.retry, retryCount)) return false
    const delayMs = retryDelayMs(this.#operation.retry, retryCount)
    this.#state.finishedAt = rfc3339(Date.now())
    this.#state.retryCount = retryCount + 1
    const at = kitchenTime(Date.now() + delayMs)
    this.#state.message = `${outcome.message}. Retrying attempt #${retryCount + 1} at ${at}.`
    this.#write()
    if (!(await pause(delayMs, this.#signal))) return false
    delete this.#state.finishedAt
    delete this.#state.syncResult
    this.#write()
    return true
  }

  #finalMessage(outcome: Exclude<Outcome, 'stopped'>): string {
    const retried = this.#state.retryCount ?? 0
    if (outcome.phase === 'Succeeded' || retried === 0) return outcome.message
    return `${outcome.message} (retried ${retried} times).`
  }

  async #endTerminated(): Promise<void> {
    await pause(this.#parts.timing.terminateMs, this.#parts.closing)
    this.#end('Failed', 'Operation terminated')
  }

  #progress(message: string, results: readonly ResourceResult[]): void {
    this.#state.message = message
    if (this.#state.syncResult !== undefined && results.length > 0) {
      this.#state.syncResult.resources = [...results]
    }
    this.#write()
  }

  /** Writes the state, but never Running over a Terminating that came in meanwhile. */
  #write(): void {
    this.#parts.store.update(this.#parts.key, (application) => {
      const isTerminating = application.status.operationState?.phase === 'Terminating'
      application.status.operationState = structuredClone(this.#state)
      if (isTerminating) application.status.operationState.phase = 'Terminating'
    })
  }

  #end(phase: OperationPhase, message: string): void {
    this.#state.phase = phase
    this.#state.message = message
    this.#state.finishedAt = rfc3339(Date.now())
    const { sync } = this.#operation
    const isFull = sync.dryRun !== true && (sync.resources?.length ?? 0) === 0
    const after = this.#parts.store.update(this.#parts.key, (application) => {
      application.status.operationState = structuredClone(this.#state)
      delete application.operation
      if (isFull && phase === 'Succeeded') addHistory(application, this.#state)
    })
    if (after === undefined) return
    const kind = (sync.resources?.length ?? 0) > 0 ? 'Partial sync operation' : 'Sync operation'
    const target = this.#state.syncResult?.revision ?? ''
    const end = phase === 'Succeeded' ? 'succeeded' : `failed: ${message}`
    this.#parts.events.record(after, {
      reason: 'OperationCompleted',
      message: `${kind} to ${target} ${end}`,
      type: phase === 'Succeeded' ? 'Normal' : 'Warning',
    })
  }
}
