import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import { runMetaOf } from '../../projections/project-of-row.ts'
import { runsOfContexts } from '../run-lookup.ts'
import type { Connection } from './connection.ts'
import { commentFrame, endFrame, eventFrame } from './event-frames.ts'
import { type FeedPage, feed } from './feed.ts'
import type { StreamScope } from './stream-scope.ts'

export type StreamParts = {
  readonly store: Pick<Store, 'query' | 'readLog' | 'tail' | 'headPosition'>
  readonly projections: Pick<Projections, 'catchUp' | 'list'>
  readonly clock: Pick<Clock, 'nowMs' | 'sleep'>
  readonly log: Pick<Log, 'error' | 'info'>
}

/** A stream on its way: who reads what, and how far it is. */
export type EventStream = {
  readonly scope: StreamScope
  readonly connection: Connection
  /** Ends when every run of the context is over. */
  readonly untilEnd: boolean
  readonly tokenName: string
  readonly requestId: string
  /** A client that took nothing for so long is cut off. */
  readonly stalledMs: number
  /** Everything up to here was written to the client, or is not wanted. */
  position: number
}

/** Frames are written together up to here: a write costs a call into the kernel. */
const CHUNK_CHARACTERS = 16 * 1024
/** After a little news the reader waits for more of it: a thousand commits a second wake it fifty times. */
const GATHER_MS = 20
const LITTLE_NEWS_ROWS = 100
/** A reader that is full for longer is no longer fed: it keeps nothing in memory until it reads again. */
const PATIENCE_MS = 250

/** Feeds a client until one of both sides ends it. Never throws. */
export async function runEventStream(parts: StreamParts, stream: EventStream): Promise<void> {
  const { connection } = stream
  const { tokenName, requestId } = stream
  try {
    while (!connection.ended.aborted) {
      const outcome = await follow(parts, stream)
      if (outcome === 'over') return
      if (await connection.drained(stream.stalledMs)) continue
      if (connection.ended.aborted) return
      parts.log.info({ by: tokenName, requestId }, 'a stream was cut off: its client reads nothing')
      connection.cut()
    }
  } catch (error) {
    if (connection.ended.aborted) return
    parts.log.error({ err: error, requestId }, 'a stream failed')
    connection.end(commentFrame('the log could not be read; connect again'))
  }
}

async function follow(parts: StreamParts, stream: EventStream): Promise<'over' | 'stalled'> {
  const { connection, scope } = stream
  let endPosition: number | undefined
  for await (const page of feed(parts.store, scope, stream.position, connection.ended)) {
    if (!(await send(stream, page))) return connection.ended.aborted ? 'over' : 'stalled'
    stream.position = page.position
    if (stream.untilEnd && endPosition === undefined && mayBeLast(page)) {
      endPosition = await endOf(parts, stream)
    }
    if (endPosition !== undefined && (await isReached(parts, stream.position, endPosition))) {
      const { context, project } = scope
      connection.end(endFrame(stream.position, { context, project }))
      return 'over'
    }
    if (page.phase === 'live' && page.scanned < LITTLE_NEWS_ROWS) {
      await parts.clock.sleep(GATHER_MS, connection.ended)
    }
  }
  // The client has gone, or the log was closed under it.
  connection.end(commentFrame('the server is stopping; connect again'))
  return 'over'
}

/** False when the client does not take it; `position` then says how far it got. */
async function send(stream: EventStream, page: FeedPage): Promise<boolean> {
  const { connection } = stream
  let chunk = ''
  for (const [index, row] of page.rows.entries()) {
    chunk += eventFrame(row)
    if (chunk.length < CHUNK_CHARACTERS && index < page.rows.length - 1) continue
    const fits = connection.write(chunk)
    stream.position = row.position
    if (!fits && !(await connection.drained(PATIENCE_MS))) return false
    chunk = ''
  }
  return true
}

/** Runs are looked up only when one ended, or where the client begins: it may all be over. */
function mayBeLast(page: FeedPage): boolean {
  return page.phase === 'cutover' || page.rows.some((row) => runMetaOf(row)?.k === 'end')
}

/** Up to where a client must have read when every run of the context is over. Undefined: one goes on, or none began. */
async function endOf(parts: StreamParts, { scope }: EventStream): Promise<number | undefined> {
  const { projectId, context = '' } = scope
  await parts.projections.catchUp()
  const runs = await runsOfContexts(parts.projections, { projectId, contexts: [context] })
  if (runs.length === 0 || runs.some((run) => run.end === undefined)) return undefined
  // What ended these runs was folded, so it lies before the head.
  return await parts.store.headPosition()
}

/** Rows between may have been deleted; then no page tells of them. */
async function isReached(parts: StreamParts, position: number, end: number): Promise<boolean> {
  if (position >= end) return true
  const [next] = await parts.store.readLog(position, 1)
  return next === undefined || next.position > end
}
