import { parseEventType } from '@tiphys/contract/event.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Store, StoredEvent } from '../../ports/store.ts'
import { runMetaOf } from '../../projections/project-of-row.ts'

/**
 * Open tasks in the order in which they came, each with a number, so that a worker that asks again is told only what is new, at a cost
 * that does not grow with what is open.
 *
 *   first question ──▶ number what is open ──▶ follow the log: each `<task>.triggered` gets the next number, and wakes who waits
 *
 * Numbers live as long as the process. A cursor of an earlier process begins again at the first: what is still open is told once more.
 */
export type TaskFeed = {
  /** Ids of `.triggered` events after a cursor that are still open and pass the filter, at most `limit`. */
  next(question: TaskQuestion): Promise<TaskPage>
  /** Resolves when something after the cursor may pass, the time is over, the signal aborts, or the feed closes. */
  wait(
    question: Pick<TaskQuestion, 'task' | 'after'>,
    durationMs: number,
    signal: AbortSignal,
  ): Promise<void>
  /** Wakes everybody who waits, for good. */
  close(): void
  isClosed(): boolean
}

export type TaskQuestion = {
  readonly task: string | undefined
  readonly after: string | undefined
  readonly limit: number
  /** Whether it is shown to whoever asks. */
  readonly isShown: (triggeredId: string) => boolean
}

export type TaskPage = { readonly triggeredIds: readonly string[]; readonly next: string }

export type TaskFeedParts = {
  readonly store: Pick<Store, 'headPosition' | 'tail'>
  readonly engine: Pick<Engine, 'openTriggered'>
  readonly clock: Pick<Clock, 'nowMs' | 'sleep'>
}

type Entry = { readonly number: number; readonly triggeredId: string; readonly task: string }
type Waiter = { readonly task: string | undefined; readonly wake: () => void }

/** What is over is cleared away when the list has grown by half and this much since the last time. */
const PRUNE_SLACK = 1_000
const BASE_36 = 36
/** Made once: an abort without a reason makes an exception with its stack each time. */
const WOKEN = new Error('woken')

export function createTaskFeed(parts: TaskFeedParts): TaskFeed {
  const { store, engine, clock } = parts
  const stop = new AbortController()
  const waiters = new Set<Waiter>()
  const epoch = clock.nowMs().toString(BASE_36)
  let entries: Entry[] = []
  let known = new Set<string>()
  let lastNumber = 0
  let pruneAbove = PRUNE_SLACK
  let started: Promise<void> | undefined

  const isOpen = (triggeredId: string) => engine.openTriggered({ eventId: triggeredId }).length > 0

  function add(triggeredId: string, task: string): void {
    if (known.has(triggeredId)) return
    known.add(triggeredId)
    lastNumber += 1
    entries.push({ number: lastNumber, triggeredId, task })
    for (const waiter of waiters) {
      if (waiter.task === undefined || waiter.task === task) waiter.wake()
    }
    if (entries.length > pruneAbove) prune()
  }

  function prune(): void {
    entries = entries.filter(({ triggeredId }) => isOpen(triggeredId))
    known = new Set(entries.map(({ triggeredId }) => triggeredId))
    pruneAbove = Math.ceil(entries.length * 1.5) + PRUNE_SLACK
  }

  async function start(): Promise<void> {
    const head = await store.headPosition()
    // What the engine has is not older than the head, and what is in both is numbered once.
    for (const event of engine.openTriggered({})) add(event.id, taskOf(event.type))
    follow(head).catch(() => {
      // The store was closed; the next question starts anew, or fails by itself.
      started = undefined
    })
  }

  async function follow(head: number): Promise<void> {
    for await (const rows of store.tail(head, stop.signal)) {
      for (const row of rows) {
        if (isTaskBegun(row)) add(row.event.id, taskOf(row.event.type))
      }
    }
  }

  return {
    async next({ task, after, limit, isShown }) {
      started ??= start().catch((error: unknown) => {
        started = undefined
        throw error
      })
      await started
      const triggeredIds: string[] = []
      let last = cursorOf(after, epoch)
      for (let index = firstAfter(entries, last); index < entries.length; index++) {
        const entry = entries[index]
        if (entry === undefined || triggeredIds.length >= limit) break
        last = entry.number
        if (task !== undefined && entry.task !== task) continue
        if (isShown(entry.triggeredId)) triggeredIds.push(entry.triggeredId)
      }
      return { triggeredIds, next: `${epoch}.${last}` }
    },
    async wait({ task, after }, durationMs, signal) {
      if (stop.signal.aborted || signal.aborted) return
      const fresh = entries.slice(firstAfter(entries, cursorOf(after, epoch)))
      if (fresh.some((entry) => task === undefined || entry.task === task)) return
      const ended = new AbortController()
      const wake = () => ended.abort(WOKEN)
      const waiter = { task, wake }
      waiters.add(waiter)
      signal.addEventListener('abort', wake, { once: true })
      try {
        await clock.sleep(durationMs, ended.signal)
      } catch (error) {
        if (!ended.signal.aborted) throw error
      } finally {
        waiters.delete(waiter)
        signal.removeEventListener('abort', wake)
      }
    },
    close() {
      stop.abort()
      for (const waiter of waiters) waiter.wake()
    },
    isClosed: () => stop.signal.aborted,
  }
}

function isTaskBegun(row: StoredEvent): boolean {
  const kind = runMetaOf(row)?.k
  return kind === 'task' || kind === 'asked'
}

function taskOf(eventType: string): string {
  const type = parseEventType(eventType)
  return type.kind === 'task' ? type.task : ''
}

/** 0, the beginning, for a cursor of another process. */
function cursorOf(after: string | undefined, epoch: string): number {
  const [ofEpoch, number] = (after ?? '').split('.')
  return ofEpoch === epoch ? Number(number) : 0
}

/** Binary search: numbers only grow. */
function firstAfter(entries: readonly Entry[], number: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle]?.number ?? 0) <= number) low = middle + 1
    else high = middle
  }
  return low
}
