import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Projects } from '../../projects/projects.ts'
import { checkProject, checkScope } from '../access.ts'
import { type Refusal, refuse } from '../answer.ts'
import type { Authenticate } from '../authenticate.ts'
import type { ObservationPart } from '../observe-requests.ts'
import type { Access } from '../route-access.ts'
import { commentFrame, cursorFrame } from './event-frames.ts'
import type { EventStream } from './event-stream.ts'

/** With which token a stream was opened, for asking again whether it may go on. */
export type Admission = {
  readonly token: string | undefined
  readonly address: string
  readonly access: Access
}

/** Every stream of this server: how many there may be, and what ends one from outside. */
export type OpenStreams = {
  /** Why there may not be one more, or undefined. */
  refusal(tokenName: string): Refusal | undefined
  /** Watches over a stream until it ends. */
  add(stream: EventStream, admission: Admission): void
  /** Ends all of them, and refuses new ones. */
  close(): void
}

export type OpenStreamsParts = {
  readonly authenticate: Authenticate
  readonly projects: Pick<Projects, 'byId'>
  readonly clock: Pick<Clock, 'nowMs' | 'at'>
  readonly log: Pick<Log, 'error'>
  readonly observation?: Pick<ObservationPart, 'meter'>
}

export type StreamLimits = {
  readonly perToken: number
  readonly total: number
  /** A client that took nothing for so long is cut off. It can come back and go on where it was. */
  readonly stalledMs: number
}

/**
 * A token of a pipeline is used by many jobs at once. A stream costs about 30 KB, 0.2 µs of processor for each row of the log and 1 µs for
 * each that it sends (test/streams/cost.ts).
 */
export const STREAM_LIMITS: StreamLimits = { perToken: 100, total: 500, stalledMs: 30_000 }

const TICK_MS = 1_000
/** Proxies and clients take a silent connection for a dead one after half a minute or more. */
const HEARTBEAT_MS = 15_000
/** A revoked token's streams end so soon. */
const RECHECK_MS = 3_000

type Watched = { readonly admission: Admission; beatMs: number }

export function createOpenStreams(parts: OpenStreamsParts, limits: StreamLimits): OpenStreams {
  const { clock } = parts
  const streams = new Map<EventStream, Watched>()
  let cancelTick: (() => void) | undefined
  let recheckMs = 0
  let isChecking = false
  let isClosed = false

  function tick(): void {
    cancelTick = streams.size === 0 ? undefined : clock.at(clock.nowMs() + TICK_MS, tick)
    const nowMs = clock.nowMs()
    for (const [stream, watched] of streams) {
      const { project, projectId } = stream.scope
      if (parts.projects.byId(projectId) === undefined) {
        stream.connection.end(commentFrame(`project ${project} was deleted`))
      } else beat(stream, watched, nowMs)
    }
    // The clock may have been set back: then this is asked at once.
    if (isChecking || Math.abs(nowMs - recheckMs) < RECHECK_MS) return
    recheckMs = nowMs
    isChecking = true
    void recheck(parts, streams).finally(() => {
      isChecking = false
    })
  }

  return {
    refusal(tokenName) {
      if (isClosed) return refuse('unavailable', 'the server is stopping')
      if (streams.size >= limits.total) {
        return refuse(
          'unavailable',
          `${limits.total} streams are open, the most that this server serves; poll instead, or try again later`,
        )
      }
      const own = [...streams.keys()].filter((stream) => stream.tokenName === tokenName)
      if (own.length < limits.perToken) return undefined
      return refuse(
        'throttled',
        `token ${tokenName} has ${own.length} streams open, the most that one token may have; close some, or poll instead`,
      )
    },
    add(stream, admission) {
      if (stream.connection.ended.aborted) return
      streams.set(stream, { admission, beatMs: clock.nowMs() })
      const meter = parts.observation?.meter
      meter?.add('tiphys_streams_open', 1, {})
      stream.connection.ended.addEventListener('abort', () => {
        streams.delete(stream)
        meter?.add('tiphys_streams_open', -1, {})
        if (streams.size > 0) return
        cancelTick?.()
        cancelTick = undefined
      })
      cancelTick ??= clock.at(clock.nowMs() + TICK_MS, tick)
    },
    close() {
      isClosed = true
      for (const stream of streams.keys()) {
        stream.connection.end(commentFrame('the server is stopping; connect again'))
      }
    },
  }
}

/** Every so often a sign of life, with the newest cursor: whoever wants few of many events comes back behind all of them. A client that is full is left alone. */
function beat(stream: EventStream, watched: Watched, nowMs: number): void {
  const { connection } = stream
  if (Math.abs(nowMs - watched.beatMs) < HEARTBEAT_MS || connection.isFull()) return
  watched.beatMs = nowMs
  connection.write(cursorFrame(stream.position, 'still here'))
}

/** Asks once for each token whether it may still read; a failure to ask ends nothing, the next time comes soon. */
async function recheck(
  { authenticate, log }: OpenStreamsParts,
  streams: ReadonlyMap<EventStream, Watched>,
): Promise<void> {
  const byToken = Map.groupBy(streams, ([, { admission }]) => admission.token)
  for (const [token, opened] of byToken) {
    const [first] = opened
    if (first === undefined) continue
    try {
      const answer = await authenticate(token, first[1].admission.address)
      if (answer.code === 'throttled') continue
      for (const [stream, { admission }] of opened) {
        const refusal =
          answer.code === 'unauthenticated'
            ? refuse('unauthenticated', `token ${stream.tokenName} is not valid any more`)
            : (checkScope(answer.actor, admission.access) ??
              checkProject(answer.actor, stream.scope.project))
        if (refusal !== undefined) stream.connection.end(commentFrame(refusal.message))
      }
    } catch (error) {
      log.error({ err: error }, 'the token of a stream could not be checked')
    }
  }
}
