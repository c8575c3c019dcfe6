import type { JsonObject } from '@tiphys/contract/json.ts'
import type { AuditSubject } from '../audit/audit-trail.ts'

/** What a request said, as far as it was read: of a request that was refused early there is no body. */
export type AuditedRequest = {
  readonly url: string
  readonly params: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body: unknown
  /** The body that it was answered with; undefined for a refusal. */
  readonly answer?: unknown
  /** It was done before, and nothing now. */
  readonly isRepeat?: boolean
}

/** One thing that was done. Most requests do one. */
export type AuditLine = {
  readonly action: string
  readonly on?: AuditSubject
  readonly person?: string | undefined
  readonly details?: JsonObject
}

/** A list that is longer is a number. */
export const MOST_NAMES = 20

/** A text of a request, whatever else was sent in its place. */
export function text(from: unknown, name: string): string | undefined {
  if (typeof from !== 'object' || from === null || !Object.hasOwn(from, name)) return undefined
  const value = (from as Record<string, unknown>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function texts(from: unknown, name: string): string[] {
  const value = (from as Record<string, unknown> | undefined)?.[name]
  return Array.isArray(value)
    ? value.filter((one): one is string => typeof one === 'string').slice(0, MOST_NAMES)
    : []
}

/** Only what is known. */
export function kept(all: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
