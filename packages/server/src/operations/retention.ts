import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Projections } from '../ports/projections.ts'
import type { Store } from '../ports/store.ts'
import { RUNS, startSort } from '../projections/runs.ts'
import { CONTEXTS, type ContextDocument } from '../projections/runs-by-context.ts'
import type { RunDocument } from '../projections/runs-document.ts'
import type { DeleteContext } from './delete-context.ts'
import { forgetUnit } from './forget-rows.ts'
import { forgottenStream } from './forgotten.ts'
import { createKeptContexts } from './kept-contexts.ts'

/**
 * Deletes what has been over for longer than it is kept: contexts whose runs all ended, with their streams, the oldest rows of the
 * inbox, and the records of earlier deletions. A context at a time, with pauses, so that answers stay quick; what was done stays done
 * when it is interrupted, and the next pass goes on.
 */
export type RetentionParts = {
  readonly store: Pick<Store, 'read' | 'forget' | 'query' | 'releaseSpace'>
  readonly projections: Projections
  readonly clock: Clock
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly newId: () => string
  readonly deleteContext: DeleteContext
  /** Projects, and how long each keeps what is over; Infinity: for ever. */
  readonly projects: () => Promise<readonly { projectId: string; retentionMs: number }[]>
}

export type RetentionPass = { readonly contexts: number; readonly rows: number }

/** Contexts looked at together. */
const PAGE = 50
/** Contexts deleted between two pauses: some ten milliseconds of work. */
const CONTEXTS_PER_STEP = 5
const PAUSE_MS = 50
/** Rows of a stream that are cut off together. */
const ROWS_PER_CUT = 200
/** A run with more tasks than this has one that tells when it ended. */
const MAX_RUNS = 1_000
const RETENTION = 'retention'

export async function runRetention(
  parts: RetentionParts,
  signal: AbortSignal,
): Promise<RetentionPass> {
  const { projections, clock, log, store } = parts
  let contexts = 0
  let rows = 0
  for (const { projectId, retentionMs } of await parts.projects()) {
    if (!Number.isFinite(retentionMs)) continue
    const cutoffMs = clock.nowMs() - retentionMs
    await projections.catchUp()
    const done = await deleteContexts(parts, projectId, cutoffMs, signal)
    contexts += done.contexts
    rows += done.rows
    for (const stream of [`inbox:${projectId}`, forgottenStream(projectId)]) {
      rows += await cutOldRows(parts, projectId, stream, cutoffMs, signal)
    }
  }
  // Also what project deletions left.
  while (await store.releaseSpace()) await clock.sleep(PAUSE_MS, signal)
  if (rows > 0) log.info({ contexts, rows }, 'deleted what was over for longer than it is kept')
  return { contexts, rows }
}

async function deleteContexts(
  parts: RetentionParts,
  projectId: string,
  cutoffMs: number,
  signal: AbortSignal,
): Promise<RetentionPass> {
  const { projections, clock, deleteContext } = parts
  const isKept = keeper(parts, projectId, cutoffMs)
  const beforeSort = startSort(cutoffMs, 0)
  let passedOver = 0
  let contexts = 0
  let rows = 0
  for (;;) {
    await projections.catchUp()
    const query = { projectId, beforeSort, offset: passedOver, limit: PAGE }
    const { documents } = await projections.list(CONTEXTS, query)
    // Documents of this projection were made by its fold.
    for (const document of documents as unknown as ContextDocument[]) {
      signal.throwIfAborted()
      const wish = {
        projectId,
        context: document.context,
        reason: RETENTION,
        by: RETENTION,
      } as const
      const answer = (await isKept(document)) ? undefined : await deleteContext(wish)
      if (answer?.code !== 'deleted') {
        passedOver++
        continue
      }
      contexts++
      rows += answer.rows
      if (contexts % CONTEXTS_PER_STEP === 0) await clock.sleep(PAUSE_MS, signal)
    }
    if (documents.length < PAGE) return { contexts, rows }
  }
}

/** Whether something of it is too new, or needed by what comes next. */
function keeper({ projections }: RetentionParts, projectId: string, cutoffMs: number) {
  const keptIn = createKeptContexts(projections)
  return async ({ context }: ContextDocument): Promise<boolean> => {
    const query = { projectId, context, offset: 0, limit: MAX_RUNS }
    const { documents } = await projections.list(RUNS, query)
    for (const { endedMs, stage, service } of documents as unknown as RunDocument[]) {
      if (endedMs === undefined || endedMs > cutoffMs) return true
      if ((await keptIn({ projectId, stage, service })).has(context)) return true
    }
    return false
  }
}

async function cutOldRows(
  { store, projections, clock, newId }: RetentionParts,
  projectId: string,
  stream: string,
  cutoffMs: number,
  signal: AbortSignal,
): Promise<number> {
  let cut = 0
  for (;;) {
    signal.throwIfAborted()
    const page = await store.read(stream, 1, ROWS_PER_CUT)
    const end = page.findIndex((row) => row.timeMs >= cutoffMs)
    const rows = end === -1 ? page : page.slice(0, end)
    const last = rows.at(-1)
    if (last === undefined) return cut
    await projections.catchUp()
    const nowMs = clock.nowMs()
    const about = { id: newId(), nowMs, projectId, reason: RETENTION, by: RETENTION } as const
    const record = await forgetUnit(projections, rows, about)
    const cuts = [{ stream, upToVersion: last.version }]
    const answer = await store.forget({ streams: [], cuts, record })
    if (answer.code !== 'forgotten' || answer.rows === 0) return cut
    cut += answer.rows
    await clock.sleep(PAUSE_MS, signal)
  }
}

/** Soon after the start, and then this often. */
const FIRST_MS = 60 * 1_000
const EVERY_MS = 60 * 60 * 1_000

/** Runs passes until it is closed; a pass that fails is tried again an hour later. */
export function startRetention(parts: RetentionParts): () => Promise<void> {
  const { clock, log } = parts
  const stop = new AbortController()
  let working: Promise<unknown> = Promise.resolve()
  let cancel = clock.at(clock.nowMs() + FIRST_MS, run)

  function run(): void {
    working = runRetention(parts, stop.signal)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) log.warn({ error }, 'old data could not be deleted; trying again')
      })
      .finally(() => {
        if (!stop.signal.aborted) cancel = clock.at(clock.nowMs() + EVERY_MS, run)
      })
  }

  return async () => {
    stop.abort(new Error('the server is stopping'))
    cancel()
    await working
  }
}
