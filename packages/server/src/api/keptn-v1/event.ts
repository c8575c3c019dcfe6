import { IncomingEvent } from '@tiphys/contract/event.ts'
import { EventAccepted } from '@tiphys/contract/http/keptn-project.ts'
import type { FastifyRequest } from 'fastify'
import type { Actor } from '../../intake/actor.ts'
import type { Intake, IntakeAnswer } from '../../intake/intake.ts'
import { type Answer, ok, refuse } from '../answer.ts'
import { idempotencyKeyOf } from '../idempotency-key.ts'
import { requestFacts } from '../observe-requests.ts'
import type { AddRoute } from '../route.ts'

/** Keptn's MAX_EVENT_SIZE_KB. */
export const MAX_EVENT_BYTES = 64 * 1024

/** The door for events (facts/keptn-v1.md 2.2); the internal path of Keptn's controller is the same door. */
export function addEventRoutes(add: AddRoute, parts: { readonly intake: Intake }): void {
  for (const path of ['/api/v1/event', '/api/controlPlane/v1/event'] as const) {
    add({
      method: 'POST',
      path,
      summary: 'Takes a CloudEvent; 200 means it is on disk',
      body: IncomingEvent,
      // The intake reads any shape and says what is wrong; checking twice would only cost time on the busiest route.
      checkBody: false,
      bodyLimitBytes: MAX_EVENT_BYTES,
      success: EventAccepted,
      handle: ({ body, actor, raw }) => acceptEvent(parts.intake, body, actor, raw),
    })
  }
}

/** Hands an event to the intake, with the key by which the client recognises its own repeats. */
export async function acceptEvent(
  intake: Intake,
  body: unknown,
  actor: Actor,
  request: FastifyRequest,
): Promise<Answer<EventAccepted>> {
  const key = idempotencyKeyOf(request)
  if (!key.ok) return key
  const facts = requestFacts(request)
  const options = key.key === undefined ? facts : { ...facts, idempotencyKey: key.key }
  return eventAnswer(await intake.accept(body, actor, options))
}

function eventAnswer(answer: IntakeAnswer): Answer<EventAccepted> {
  if (answer.code !== 'accepted') return refuse(answer.code, answer.message)
  const body = { keptnContext: answer.keptnContext }
  return answer.duplicate ? ok(body, { 'tiphys-duplicate': 'true' }) : ok(body)
}
