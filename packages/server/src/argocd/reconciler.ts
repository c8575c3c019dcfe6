import type { Application } from '@tiphys/contract/argocd-application.ts'
import type { ArgoCd } from '../ports/argocd.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import {
  type ApplicationDirectory,
  directoryKey,
  type KnownApplication,
} from './application-directory.ts'
import type { Tracker } from './considered.ts'
import type { HealthHistory } from './health-history.ts'
import type { WakeUps } from './wake-ups.ts'

/**
 * Sees to it that nothing which happens in an Argo CD is missed: lists its applications every period, reads those that changed, and
 * lets the tracker decide. The watch stream only brings a look forward. After an outage of ours it goes slowly (behaviour.md 6).
 *
 *   list (period, or a connection made) ─┐
 *   news of the stream ──────────────────┼──▶ read the application ──▶ tracker ──▶ settled, or look again after …
 *   a look that was due ─────────────────┘
 */
export type Reconciler = {
  /** Lists once and looks at everything that changed; resolves when all of it was looked at. */
  pass(): Promise<void>
  close(): Promise<void>
}

export type ReconcilerParts = {
  readonly argocd: ArgoCd
  readonly directory: ApplicationDirectory
  readonly tracker: Tracker
  readonly wakeUps: WakeUps
  readonly clock: Clock
  readonly log: Log
  readonly periodMs?: number
  /** Keeps what the applications were like over time. */
  readonly history: HealthHistory
}

export const DEFAULT_PERIOD_MS = 60_000
/** So many periods without a list are an outage. */
const OUTAGE_PERIODS = 3
/** Looks at once: a start with a thousand applications must not be a storm on Argo CD. */
const MAX_LOOKS = 4
/** News of one application within this time is one look. */
const GATHER_MS = 200
const RETRY_MS = 5_000

export function startReconciler(parts: ReconcilerParts): Reconciler {
  return new Reconciling(parts)
}

class Reconciling implements Reconciler {
  readonly #parts: ReconcilerParts
  readonly #periodMs: number
  readonly #stop = new AbortController()
  /** By directory key: what the last look saw. */
  readonly #seen = new Map<string, string>()
  readonly #due = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>()
  readonly #queue: (() => void)[] = []
  readonly #working = new Set<Promise<unknown>>()
  readonly #unsubscribe: () => void
  #looks = 0
  #catchUpBeforeMs: number | undefined
  #cancelPass: () => void = () => {}
  #passing: Promise<void> | undefined

  constructor(parts: ReconcilerParts) {
    this.#parts = parts
    this.#periodMs = parts.periodMs ?? DEFAULT_PERIOD_MS
    this.#unsubscribe = parts.wakeUps.onNews((news) => {
      if (news === undefined) this.#track(this.pass())
      else this.#hear(news.namespace, news.name)
    })
    this.#track(this.pass())
  }

  pass(): Promise<void> {
    this.#passing ??= this.#pass().finally(() => {
      this.#passing = undefined
      this.#cancelPass()
      if (this.#stop.signal.aborted) return
      const { clock } = this.#parts
      this.#cancelPass = clock.at(clock.nowMs() + this.#periodMs, () => this.#track(this.pass()))
    })
    return this.#passing
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the reconciler stops'))
    this.#unsubscribe()
    this.#cancelPass()
    for (const { cancel } of this.#due.values()) cancel()
    for (const next of this.#queue.splice(0)) next()
    while (this.#working.size > 0) await Promise.allSettled([...this.#working])
  }

  async #pass(): Promise<void> {
    const { directory, tracker, clock, log, argocd, history } = this.#parts
    const nowMs = clock.nowMs()
    await tracker.bookmarks.connectedMs(nowMs)
    const listed = await directory.refresh(this.#stop.signal)
    if (listed.code !== 'ok') {
      log.warn({ instance: argocd.instance }, listed.message)
      return
    }
    const lastMs = await tracker.bookmarks.lastListMs()
    if (lastMs === undefined || nowMs - lastMs > OUTAGE_PERIODS * this.#periodMs) {
      this.#catchUpBeforeMs = nowMs
      if (lastMs !== undefined) await history.away(lastMs, nowMs)
    }
    await tracker.bookmarks.listed(nowMs)
    const names = new Set(listed.value.map(({ ref }) => directoryKey(ref.namespace, ref.name)))
    const gone = [...this.#seen.keys()].filter((key) => !names.has(key))
    for (const key of gone) this.#seen.delete(key)
    if (gone.length > 0 || this.#seen.size === 0) await history.keepOnly(names)
    const changed = listed.value.filter(
      ({ ref, fingerprint }) =>
        this.#seen.get(directoryKey(ref.namespace, ref.name)) !== fingerprint,
    )
    await Promise.all(changed.map((one) => this.#look(one, false)))
  }

  /** One of the stream's words; an application that the directory does not know may be new. */
  #hear(namespace: string, name: string): void {
    const known = this.#parts.directory.byName(namespace, name)
    if (known === undefined) return
    this.#schedule(known, GATHER_MS, false)
  }

  #schedule(known: KnownApplication, afterMs: number, refresh: boolean): void {
    const { clock } = this.#parts
    const key = directoryKey(known.ref.namespace, known.ref.name)
    const dueMs = clock.nowMs() + afterMs
    const before = this.#due.get(key)
    if (before !== undefined && before.dueMs <= dueMs) return
    before?.cancel()
    const cancel = clock.at(dueMs, () => {
      this.#due.delete(key)
      this.#track(this.#look(known, refresh))
    })
    this.#due.set(key, { dueMs, cancel })
  }

  async #look(known: KnownApplication, refresh: boolean): Promise<void> {
    await this.#turn()
    try {
      if (!this.#stop.signal.aborted) await this.#lookNow(known, refresh)
    } finally {
      this.#looks--
      this.#queue.shift()?.()
    }
  }

  async #lookNow(known: KnownApplication, refresh: boolean): Promise<void> {
    const { argocd, log, tracker, history } = this.#parts
    const { ref, fingerprint } = known
    const key = directoryKey(ref.namespace, ref.name)
    const { signal } = this.#stop
    try {
      const answer = await argocd.get(ref, refresh ? { refresh: 'normal' } : {}, signal)
      if (answer.code !== 'ok') {
        log.warn({ instance: argocd.instance, application: key }, answer.message)
        if (answer.retryable) this.#schedule(known, RETRY_MS, refresh)
        return
      }
      await history.saw(answer.value)
      const considered = await tracker.consider({
        application: answer.value,
        signal,
        ...this.#catchUp(answer.value),
      })
      this.#seen.set(key, fingerprint)
      if (considered.code === 'again') {
        this.#schedule(known, considered.afterMs, considered.needsRefresh)
      }
      if (considered.code === 'watched') this.#schedule(known, considered.afterMs, false)
    } catch (error) {
      if (signal.aborted) return
      log.error(
        { error, instance: argocd.instance, application: key },
        'an application could not be looked at, trying again',
      )
      this.#schedule(known, RETRY_MS, refresh)
    }
  }

  #catchUp(application: Application): { catchUpBeforeMs?: number } {
    const isOver = !application.operation
    const beforeMs = this.#catchUpBeforeMs
    return beforeMs === undefined || !isOver ? {} : { catchUpBeforeMs: beforeMs }
  }

  /** Waits until fewer than MAX_LOOKS are under way. */
  async #turn(): Promise<void> {
    if (this.#looks >= MAX_LOOKS) {
      await new Promise<void>((resolve) => this.#queue.push(resolve))
    }
    this.#looks++
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        if (this.#stop.signal.aborted) return
        const { log, argocd } = this.#parts
        log.error({ error, instance: argocd.instance }, 'reconciling failed unexpectedly')
      })
      .finally(() => this.#working.delete(tracked))
    this.#working.add(tracked)
  }
}
