import { z } from 'zod'
import type { CredentialAnswer } from '../credentials/credential-request.ts'
import type { Fetched } from '../credentials/kept-credential.ts'

const Good = z.looseObject({ access_token: z.string().min(1), expires_in: z.number() })
const Bad = z.looseObject({ error: z.string(), error_description: z.string().optional() })

const OK = 200
const MS_PER_SECOND = 1000

/** A token as OAuth 2 and the metadata server answer with it (RFC 6749, 5.1 and 5.2). */
export function readToken(place: string, answer: CredentialAnswer, nowMs: number): Fetched<string> {
  if (!answer.ok) return { ok: false, message: `no access token: ${answer.message}` }
  const body = parsed(answer.text)
  const good = Good.safeParse(body)
  if (answer.status === OK && good.success) {
    const { access_token: value, expires_in: lifeS } = good.data
    return { ok: true, value, expiresAtMs: nowMs + lifeS * MS_PER_SECOND }
  }
  const { error, error_description: description } = Bad.safeParse(body).data ?? {}
  const words = [error, description].filter(Boolean).join(': ') || 'it sent no token'
  return { ok: false, message: `no access token: ${place} answered ${answer.status}, ${words}` }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
