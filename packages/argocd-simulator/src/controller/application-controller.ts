import { type Application, isAutoSynced, type Operation } from '../application/application.ts'
import { type ApplicationEvent, keyOf } from '../application/application-store.ts'
import type { DesiredState } from '../render/desired-state.ts'
import { wishOf } from '../render/desired-state.ts'
import { pause, rfc3339 } from '../time.ts'
import { unexpected } from '../unexpected.ts'
import type { ApplicationParts } from './application-parts.ts'
import { decideAutoSync } from './auto-sync.ts'
import { type Comparison, compare } from './compare.ts'
import { setConditions } from './conditions.ts'
import { OperationRun } from './operation-run.ts'
import { persistComparison } from './persist.ts'

/** `resources`: only look at the cluster. `poll`: also at Git, with patience. `force`: Git now, errors count. */
type RefreshLevel = 'resources' | 'poll' | 'force'

const LEVELS: readonly RefreshLevel[] = ['resources', 'poll', 'force']

export const REFRESH_ANNOTATION = 'argocd.argoproj.io/refresh'

/** A remote's answer about a branch may be this share of the poll interval old on a poll. */
const POLL_CACHE_SHARE = 0.5

/**
 * Reconciles one application: compares it with Git after a poll, a refresh request, a change of its source or
 * the end of an operation, and starts operations one at a time. One comparison runs at a time; what comes in
 * meanwhile is merged into the next one.
 */
export class ApplicationController {
  readonly #parts: ApplicationParts
  readonly #unsubscribe: () => void
  #wanted: RefreshLevel | undefined
  #isComparing = false
  #desired: DesiredState | undefined
  /** Counts beginnings and ends of operations. What was compared in an older epoch starts no auto-sync. */
  #epoch = 0
  #desiredEpoch = -1
  #repositoryFailedAtMs: number | undefined
  #run: OperationRun | undefined
  #comparedSource: string | undefined
  #wasAutomatic: boolean | undefined

  constructor(parts: ApplicationParts) {
    this.#parts = parts
    this.#unsubscribe = parts.store.subscribe((event) => this.#onChange(event))
    parts.closing.addEventListener('abort', () => this.#unsubscribe())
  }

  /** First comparison, then polls until the application or the simulator goes. */
  start(): void {
    const application = this.#parts.store.get(this.#parts.key)
    if (application !== undefined) this.#onChange({ type: 'MODIFIED', application })
    this.refresh('force')
    this.#poll().catch(unexpected)
  }

  /** Asks for a comparison that starts after this call. */
  refresh(level: RefreshLevel): void {
    const wanted = LEVELS.indexOf(this.#wanted ?? 'resources')
    this.#wanted = LEVELS[Math.max(wanted, LEVELS.indexOf(level))] ?? level
    if (this.#isComparing || this.#parts.closing.aborted) return
    this.#isComparing = true
    this.#parts.activity
      .during('comparison', () => this.#compareWhileWanted())
      .finally(() => {
        this.#isComparing = false
        if (this.#wanted !== undefined) this.refresh(this.#wanted)
      })
      .catch(unexpected)
  }

  /** Ends the running operation. False if there is none that has been picked up. */
  terminate(): boolean {
    const after = this.#parts.store.get(this.#parts.key)
    const phase = after?.status.operationState?.phase
    if (this.#run === undefined || after?.operation === undefined) return false
    if (phase !== 'Running' && phase !== 'Terminating') return false
    this.#parts.store.update(this.#parts.key, (application) => {
      if (application.status.operationState === undefined) return
      application.status.operationState.phase = 'Terminating'
      application.status.operationState.message = 'operation is terminating'
    })
    this.#run.terminate()
    return true
  }

  /** Something happened in the cluster: look at health soon, without touching reconciledAt. */
  onClusterChange(): void {
    const { activity, timing, closing } = this.#parts
    activity
      .during('resource event', async () => {
        if (await pause(timing.resourceEventMs, closing)) this.refresh('resources')
      })
      .catch(unexpected)
  }

  #onChange(event: ApplicationEvent): void {
    const { application } = event
    if (keyOf(application) !== this.#parts.key || event.type === 'DELETED') return
    if (application.operation !== undefined && this.#run === undefined) {
      this.#startOperation(application.operation)
    }
    if (application.metadata.annotations?.[REFRESH_ANNOTATION] !== undefined) this.refresh('force')
    const source = JSON.stringify([application.spec.source, application.spec.sources])
    if (this.#comparedSource !== undefined && this.#comparedSource !== source) this.refresh('force')
    this.#comparedSource = source
    const isAutomatic = isAutoSynced(application.spec)
    if (this.#wasAutomatic === false && isAutomatic) this.refresh('poll')
    this.#wasAutomatic = isAutomatic
  }

  #startOperation(operation: Operation): void {
    const run = new OperationRun(this.#parts, operation)
    this.#run = run
    this.#epoch += 1
    this.#parts.onOperationStarted(operation)
    run
      .run()
      .finally(() => {
        this.#run = undefined
        this.#epoch += 1
        this.refresh('force')
        // An operation may have been requested in the moment between the end of this one and now.
        const next = this.#parts.store.get(this.#parts.key)?.operation
        if (next !== undefined && !this.#parts.closing.aborted) this.#startOperation(next)
      })
      .catch(unexpected)
  }

  async #poll(): Promise<void> {
    const { timing, closing, random } = this.#parts
    while (await pause(timing.pollMs + timing.pollJitterMs * random(), closing)) {
      // Never a second one behind a running one: short polls with a long lag would leave no quiet moment.
      if (!this.#isComparing) this.refresh('poll')
    }
  }

  async #compareWhileWanted(): Promise<void> {
    while (this.#wanted !== undefined && !this.#parts.closing.aborted) {
      const level = this.#wanted
      this.#wanted = undefined
      const application = this.#parts.store.get(this.#parts.key)
      if (application === undefined) return
      const isRecent = this.#desired !== undefined && this.#desiredEpoch === this.#epoch
      const isOperating = this.#run !== undefined
      if (level === 'resources' && (isRecent || isOperating)) this.#lookAtCluster(application)
      else await this.#lookAtGit(application, level)
    }
  }

  /** A full comparison. Its start becomes reconciledAt; its result is written a little later (the lag). */
  async #lookAtGit(application: Application, level: RefreshLevel): Promise<void> {
    const { timing, traps, cluster, closing } = this.#parts
    const startedAtMs = Date.now()
    const requested = application.metadata.annotations?.[REFRESH_ANNOTATION]
    if (requested === 'hard') this.#parts.desiredStates.forget()
    const maxAgeMs = level === 'poll' ? timing.pollMs * POLL_CACHE_SHARE : 0
    const epoch = this.#epoch
    let problem: string | undefined
    try {
      this.#desired = await this.#parts.desiredStates.get(
        application,
        wishOf(application, maxAgeMs),
      )
      this.#desiredEpoch = epoch
      this.#repositoryFailedAtMs = undefined
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      problem = `Failed to load target state: ${reason}`
      if (this.#isForgiven(level, startedAtMs)) return
    }
    const comparison = compare(
      application,
      problem === undefined ? this.#desired : undefined,
      cluster,
    )
    if (traps.reconcileLag && !(await pause(timing.reconcileLagMs, closing))) return
    const conditions = epoch === this.#epoch ? this.#autoSync(comparison, problem) : []
    this.#parts.store.update(this.#parts.key, (draft) => {
      if (requested !== undefined && draft.metadata.annotations !== undefined) {
        delete draft.metadata.annotations[REFRESH_ANNOTATION]
      }
      draft.status.reconciledAt = rfc3339(startedAtMs)
      draft.status.controllerNamespace = 'argocd'
      if (this.#desired !== undefined) draft.status.sourceType = this.#desired.sourceType
      setConditions(draft, conditions, ['ComparisonError', 'SyncError'])
      persistComparison(draft, comparison, this.#parts.events)
    })
  }

  #lookAtCluster(application: Application): void {
    const isUnknown = application.status.sync.status === 'Unknown'
    const comparison = compare(
      application,
      isUnknown ? undefined : this.#desired,
      this.#parts.cluster,
    )
    const conditions = this.#autoSync(comparison, undefined)
    this.#parts.store.update(this.#parts.key, (draft) => {
      setConditions(draft, conditions, ['SyncError'])
      persistComparison(draft, comparison, this.#parts.events)
    })
  }

  /** On polls a repository that just broke leaves the old status as it is, for a while. */
  #isForgiven(level: RefreshLevel, nowMs: number): boolean {
    if (level === 'force') return false
    this.#repositoryFailedAtMs ??= nowMs
    return nowMs - this.#repositoryFailedAtMs <= this.#parts.timing.repositoryGraceMs
  }

  /** Starts what auto-sync wants, and answers the conditions of this comparison. */
  #autoSync(
    comparison: Comparison,
    problem: string | undefined,
  ): { type: string; message: string }[] {
    if (problem !== undefined) return [{ type: 'ComparisonError', message: problem }]
    const { store, key, projects, timing, events, closing } = this.#parts
    const application = store.get(key)
    if (application === undefined || !projects.canSync(application, false)) return []
    const decision = decideAutoSync(application, comparison, timing.selfHealMs, Date.now())
    switch (decision.code) {
      case 'nothing':
        return []
      case 'error':
        return [{ type: 'SyncError', message: decision.message }]
      case 'later':
        pause(decision.afterMs, closing).then(
          (isCurrent) => isCurrent && this.refresh('poll'),
          unexpected,
        )
        return []
      case 'start': {
        const after = store.update(key, (draft) => {
          draft.operation = decision.operation
          delete draft.status.operationState
        })
        const target = comparison.sync.revisions?.join(', ') ?? comparison.sync.revision ?? ''
        const message = `Initiated automated sync to '${target}'`
        if (after !== undefined) events.record(after, { reason: 'OperationStarted', message })
        return []
      }
    }
  }
}
