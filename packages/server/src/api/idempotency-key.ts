import { IdempotencyKey } from '@tiphys/contract/http/native-task.ts'
import type { FastifyRequest } from 'fastify'
import { type Refusal, refuse } from './answer.ts'

/** The header by which a client recognises its own repeats, if it sent one. */
export function idempotencyKeyOf(
  request: FastifyRequest,
): { readonly ok: true; readonly key?: string } | Refusal {
  const key = request.headers['idempotency-key']
  if (key === undefined) return { ok: true }
  const parsed = IdempotencyKey.safeParse(key)
  if (parsed.success) return { ok: true, key: parsed.data }
  const [issue] = parsed.error.issues
  return refuse('invalid', `Idempotency-Key ${issue?.message}`)
}
