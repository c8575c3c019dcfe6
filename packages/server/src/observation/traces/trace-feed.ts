import type { Clock } from '../../ports/clock.ts'
import type { Documents } from '../../ports/documents.ts'
import type { Log } from '../../ports/log.ts'
import type { Meter } from '../../ports/meter.ts'
import type { Store, StoredEvent } from '../../ports/store.ts'
import { runMetaOf } from '../../projections/project-of-row.ts'
import type { SendOutcome, SpanSender } from './otlp-sender.ts'
import { spansOfRun } from './run-spans.ts'
import type { Span } from './span.ts'

/**
 * Exports the spans of every run that ends, behind the engine's back: it reads the log like any other reader, and the log is its queue. What it
 * has dealt with is a stored position, so a restart goes on there; spans have fixed ids, so one that is sent twice is the same span.
 *
 *   tail ──ended runs──▶ rows → spans ──▶ send ──sent, rejected──▶ store the position
 *                                          ▲  └─unreachable─▶ wait, drop what is older than an hour ─┐
 *                                          └──────────────────────────────────────────────────────────┘
 */
export type TraceFeed = { close(): Promise<void> }

export type TraceFeedParts = {
  readonly store: Pick<Store, 'tail' | 'read' | 'headPosition'>
  readonly documents: Pick<Documents, 'get' | 'put'>
  readonly clock: Clock
  readonly log: Log
  readonly meter: Meter
  /** Loaded when the feed starts. */
  readonly sender: () => Promise<SpanSender>
  /** Makes `rootOf` know what was committed before the call. */
  readonly catchUp: () => Promise<void>
  /** The first run of a context. */
  readonly rootOf: (projectId: string, context: string) => Promise<string | undefined>
  /** Takes secrets out of what is sent. */
  readonly mask: (text: string) => string
}

/** Runs that ended longer ago are not exported any more: a collector that was away for a day must not get the day at once. */
export const MAX_AGE_MS = 60 * 60 * 1_000
/** Runs in one request: a few hundred spans. */
const RUNS_PER_REQUEST = 50
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000
/** The position is stored this often at most; what was sent since is sent again after a crash. */
const STORE_EVERY_MS = 1_000
/** A server that stops waits so long for the answer to what it has just sent: it spares sending that again. */
const LAST_ANSWER_MS = 500
const KIND = 'observation'
const CURSOR = 'trace-position'

export function startTraceFeed(parts: TraceFeedParts): TraceFeed {
  const stop = new AbortController()
  const feed = new Feed(parts, stop.signal)
  const running = feed.run().catch((error: unknown) => {
    if (!stop.signal.aborted) parts.log.error({ error }, 'traces are no longer exported')
  })
  return {
    async close() {
      stop.abort(new Error('the trace feed stops'))
      await running
    },
  }
}

class Feed {
  readonly #parts: TraceFeedParts
  readonly #signal: AbortSignal
  #position = 0
  #storedPosition = 0
  #storedMs = 0
  #isAway = false

  constructor(parts: TraceFeedParts, signal: AbortSignal) {
    this.#parts = parts
    this.#signal = signal
  }

  async run(): Promise<void> {
    const sender = await this.#parts.sender()
    this.#position = await this.#begin()
    // Stored at once: what ends from here on is exported, whatever happens before the first export.
    await this.#keepPosition()
    let retryMs = FIRST_RETRY_MS
    while (!this.#signal.aborted) {
      try {
        await this.#follow(sender)
        retryMs = FIRST_RETRY_MS
      } catch (error) {
        if (this.#signal.aborted) break
        this.#parts.log.warn({ error }, 'the log could not be read for traces, trying again')
        await this.#pause(retryMs)
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
      }
    }
    await this.#keepPosition()
  }

  /** Where it stood; the end of the log when it never ran, or when the log is another one (a restored backup). */
  async #begin(): Promise<number> {
    const { store, documents } = this.#parts
    const head = await store.headPosition()
    const stored = (await documents.get(KIND, CURSOR))?.['position']
    const isUsable = typeof stored === 'number' && stored <= head
    this.#storedPosition = isUsable ? stored : -1
    return isUsable ? stored : head
  }

  async #follow(sender: SpanSender): Promise<void> {
    const { store, meter } = this.#parts
    for await (const rows of store.tail(this.#position, this.#signal)) {
      const ended = rows.filter((row) => runMetaOf(row)?.k === 'end')
      for (let from = 0; from < ended.length; from += RUNS_PER_REQUEST) {
        const isDone = await this.#export(sender, ended.slice(from, from + RUNS_PER_REQUEST))
        if (!isDone) return
      }
      this.#position = rows.at(-1)?.position ?? this.#position
      meter.set('tiphys_trace_behind_rows', (await store.headPosition()) - this.#position, {})
      const isTime = this.#parts.clock.nowMs() - this.#storedMs >= STORE_EVERY_MS
      if (ended.length > 0 && isTime) await this.#keepPosition()
    }
  }

  /** False when the feed was stopped before these were dealt with. */
  async #export(sender: SpanSender, runs: readonly StoredEvent[]): Promise<boolean> {
    const { clock, meter, log } = this.#parts
    let retryMs = FIRST_RETRY_MS
    let waiting = runs
    while (waiting.length > 0 && !this.#signal.aborted) {
      const fresh = waiting.filter((row) => clock.nowMs() - row.timeMs <= MAX_AGE_MS)
      const old = waiting.length - fresh.length
      if (old > 0) meter.count('tiphys_trace_runs_total', { outcome: 'dropped' }, old)
      const spans = await this.#spansOf(fresh)
      if (spans.length === 0) return true
      const outcome = await this.#answer(sender.send(spans))
      if (outcome === undefined) return false
      if (outcome.code !== 'unreachable') {
        this.#heard(outcome.code === 'rejected' ? outcome.reason : undefined, fresh.length)
        return true
      }
      meter.count('tiphys_trace_export_failures_total', {})
      if (!this.#isAway) log.warn({}, `the OTLP collector cannot be reached: ${outcome.reason}`)
      this.#isAway = true
      waiting = fresh
      await this.#pause(retryMs)
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
    }
    return waiting.length === 0
  }

  /** What the collector says; undefined when the feed was stopped meanwhile and it does not come in a moment more. */
  #answer(sent: Promise<SendOutcome>): Promise<SendOutcome | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<SendOutcome | undefined>()
    const giveUp = () => {
      this.#parts.clock.sleep(LAST_ANSWER_MS).then(() => resolve(undefined), reject)
    }
    if (this.#signal.aborted) giveUp()
    this.#signal.addEventListener('abort', giveUp, { once: true })
    sent.then(resolve, reject)
    return promise.finally(() => this.#signal.removeEventListener('abort', giveUp))
  }

  #heard(rejection: string | undefined, runs: number): void {
    const { meter, log } = this.#parts
    if (this.#isAway) log.info({}, 'the OTLP collector is back')
    this.#isAway = false
    const outcome = rejection === undefined ? 'exported' : 'rejected'
    meter.count('tiphys_trace_runs_total', { outcome }, runs)
    if (rejection !== undefined) {
      log.warn({ runs }, `the OTLP collector does not take these spans: ${rejection}`)
    }
  }

  async #spansOf(ends: readonly StoredEvent[]): Promise<Span[]> {
    const { store, rootOf } = this.#parts
    const spans: Span[] = []
    await this.#parts.catchUp()
    for (const { stream, projectId, event } of ends) {
      // Gone with its project, or by retention: then there is nothing to tell.
      const rows = await store.read(stream)
      const root = await rootOf(projectId ?? '', event.shkeptncontext ?? '')
      for (const span of spansOfRun(rows, root)) spans.push(masked(span, this.#parts.mask))
    }
    return spans
  }

  async #keepPosition(): Promise<void> {
    const { documents, clock, log } = this.#parts
    if (this.#position === this.#storedPosition) return
    try {
      await documents.put(KIND, CURSOR, { position: this.#position })
      this.#storedPosition = this.#position
      this.#storedMs = clock.nowMs()
    } catch (error) {
      log.warn({ error }, 'how far traces are exported could not be stored')
    }
  }

  async #pause(durationMs: number): Promise<void> {
    await this.#parts.clock.sleep(durationMs, this.#signal).catch(() => undefined)
  }
}

function masked(span: Span, mask: (text: string) => string): Span {
  const inAttributes = (attributes: Span['attributes']) =>
    Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [
        name,
        typeof value === 'string' ? mask(value) : value,
      ]),
    )
  return {
    ...span,
    message: mask(span.message),
    attributes: inAttributes(span.attributes),
    events: span.events.map((event) => ({ ...event, attributes: inAttributes(event.attributes) })),
  }
}
