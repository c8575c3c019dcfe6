import { isJsonObject, type Json } from '@tiphys/contract/json.ts'
import type { Authenticate } from '../api/authenticate.ts'
import type { Intake, IntakeAnswer } from '../intake/intake.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import { referenceOf } from './traces/span.ts'

/** What an event wants, by the end of its type: the rest of a type is named by users. */
const KINDS = ['triggered', 'started', 'status.changed', 'finished', 'invalidated'] as const
const OTHER = 'other'

export type IntakeObservation = {
  readonly meter: Meter
  readonly log: Log
  /** Whether the trace that an event came with is kept, to be linked to. */
  readonly keepsTraceparent: boolean
}

/** The same door, with what came through it counted, and told at `debug`. */
export function observedIntake(intake: Intake, parts: IntakeObservation): Intake {
  const { meter, log, keepsTraceparent } = parts
  return {
    async accept(body, actor, options) {
      const traceparent = keepsTraceparent ? options?.traceparent : undefined
      const event = traceparent === undefined ? body : withTraceparent(body, traceparent)
      const answer = await intake.accept(event, actor, options)
      const type = typeOf(body)
      const kind = KINDS.find((one) => type.endsWith(`.${one}`)) ?? OTHER
      meter.count('tiphys_events_total', { kind, outcome: outcomeOf(answer) })
      const { requestId } = options ?? {}
      const asked = requestId === undefined ? {} : { requestId }
      if (answer.code === 'accepted') {
        const { keptnContext: context, eventId, duplicate } = answer
        log.debug({ ...asked, context, eventId, type, by: actor.name, duplicate }, 'event accepted')
      } else {
        log.debug({ ...asked, type, by: actor.name, code: answer.code }, answer.message)
      }
      return answer
    },
  }
}

function outcomeOf(answer: IntakeAnswer): string {
  if (answer.code !== 'accepted') return 'refused'
  return answer.duplicate ? 'repeated' : 'accepted'
}

/** The header becomes what the CloudEvents extension would have been; an event that has one keeps its own. */
function withTraceparent(body: unknown, traceparent: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  if ('traceparent' in body || referenceOf(traceparent) === undefined) return body
  return { ...body, traceparent }
}

function typeOf(body: unknown): string {
  // A body of any shape: only whether it has a text there is asked.
  const event = body as Json
  const type = typeof event === 'object' && isJsonObject(event) ? event['type'] : undefined
  return typeof type === 'string' ? type : ''
}

/** The same check, with what it refused counted. */
export function observedAuthenticate(authenticate: Authenticate, meter: Meter): Authenticate {
  return async (token, address) => {
    const answer = await authenticate(token, address)
    if (answer.code !== 'authenticated') {
      meter.count('tiphys_authentications_refused_total', { outcome: answer.code })
    }
    return answer
  }
}
