import type { BatchOutcome } from '@tiphys/contract/http/native-task.ts'
import {
  BatchOutcomes,
  EventBatchBody,
  MAX_BATCH_ITEMS,
} from '@tiphys/contract/http/native-task.ts'
import { z } from 'zod'
import type { Actor } from '../../intake/actor.ts'
import type { Intake, IntakeOptions } from '../../intake/intake.ts'
import { ok, refusalOf, refuse } from '../answer.ts'
import { idempotencyKeyOf } from '../idempotency-key.ts'
import { MAX_EVENT_BYTES } from '../keptn-v1/event.ts'
import { requestFacts } from '../observe-requests.ts'
import type { AddRoute, RouteRequest } from '../route.ts'
import { sentenceOf } from '../validation.ts'
import { acceptedOutcome, itemKey, refusedOutcome } from './batch.ts'

const BATCH_LIMIT_BYTES = 4 * 1024 * 1024
const PATH = '/api/tiphys/v1/events'

/** Several events in one request, in CloudEvents' batch format: the same intake as for one. */
export function addEventBatchRoute(add: AddRoute, parts: { readonly intake: Intake }): void {
  add({
    method: 'POST',
    path: PATH,
    summary:
      'Takes several CloudEvents (application/cloudevents-batch+json); one bad event does not fail its neighbours',
    body: EventBatchBody,
    // Item by item: what is wrong with one is said of that one.
    checkBody: false,
    bodyLimitBytes: BATCH_LIMIT_BYTES,
    success: BatchOutcomes,
    handle: (request) => acceptAll(parts.intake, request),
  })
}

const Envelope = z.array(z.unknown()).min(1).max(MAX_BATCH_ITEMS)

async function acceptAll(
  intake: Intake,
  { body, actor, raw }: RouteRequest<typeof PATH, unknown, unknown>,
) {
  const envelope = Envelope.safeParse(body ?? null)
  if (!envelope.success) return refuse('invalid', sentenceOf(envelope.error, 'body'))
  const batchKey = idempotencyKeyOf(raw)
  if (!batchKey.ok) return batchKey
  // No event of a request that is smaller than one event may be is too large.
  const isAnyLarge = Number(raw.headers['content-length'] ?? BATCH_LIMIT_BYTES) > MAX_EVENT_BYTES
  const facts = requestFacts(raw)
  const outcomes: BatchOutcome[] = []
  const take = async (index: number, event: unknown) => {
    const key = itemKey(batchKey.key, index)
    outcomes[index] =
      isAnyLarge && sizeBytesOf(event) > MAX_EVENT_BYTES
        ? refusedOutcome(refuse('too-large', `the event is larger than ${MAX_EVENT_BYTES} bytes`))
        : await accept(
            intake,
            event,
            actor,
            key === undefined ? facts : { ...facts, idempotencyKey: key },
          )
  }
  await Promise.all(
    chains(envelope.data).map(async (chain) => {
      for (const index of chain) await take(index, envelope.data[index])
    }),
  )
  return ok({ outcomes })
}

async function accept(
  intake: Intake,
  event: unknown,
  actor: Actor,
  options: IntakeOptions,
): Promise<BatchOutcome> {
  const answer = await intake.accept(event, actor, options)
  return answer.code === 'accepted' ? acceptedOutcome(answer) : refusedOutcome(refusalOf(answer))
}

/** Events of one task or context follow each other in the order given; the others need not wait for them. */
function chains(events: readonly unknown[]): readonly (readonly number[])[] {
  const byThread = new Map<unknown, number[]>()
  for (const [index, event] of events.entries()) {
    const thread = threadOf(event) ?? index
    const chain = byThread.get(thread)
    if (chain === undefined) byThread.set(thread, [index])
    else chain.push(index)
  }
  return [...byThread.values()]
}

function threadOf(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null) return undefined
  const { shkeptncontext, triggeredid } = event as Partial<Record<string, unknown>>
  const thread = shkeptncontext ?? triggeredid
  return typeof thread === 'string' && thread !== '' ? thread : undefined
}

function sizeBytesOf(event: unknown): number {
  return Buffer.byteLength(JSON.stringify(event))
}
