import { z } from 'zod'
import { parseDuration } from './duration.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
/** Shorter ones would delete what a team has not looked at yet; one hour is for trying it out. */
const SHORTEST_MS = 60 * 60 * 1_000

/** What a retention is called in messages. */
export const RETENTION_EXPECTED = 'expected a time of at least 1h like 90d or 720h, or forever'

/**
 * How long what is over is kept: `90d`, `720h`, `forever`. Milliseconds, Infinity for ever; undefined when the text is none, or shorter than
 * an hour.
 */
export function parseRetention(text: string): number | undefined {
  const trimmed = text.trim()
  if (trimmed === 'forever') return Number.POSITIVE_INFINITY
  const days = /^(\d{1,6})d$/.exec(trimmed)?.[1]
  const retentionMs = days === undefined ? parseDuration(trimmed) : Number(days) * DAY_MS
  return retentionMs !== undefined && retentionMs >= SHORTEST_MS ? retentionMs : undefined
}

/** The text, checked. */
export const Retention = z
  .string()
  .refine((text) => parseRetention(text) !== undefined, RETENTION_EXPECTED)
