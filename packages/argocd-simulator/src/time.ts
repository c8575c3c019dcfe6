import { setTimeout as wait } from 'node:timers/promises'

const MS_PER_SECOND = 1000

/** RFC 3339 in UTC without a fraction: Kubernetes times have whole seconds, which is a trap of its own. */
export function rfc3339(timeMs: number): string {
  return new Date(Math.floor(timeMs / MS_PER_SECOND) * MS_PER_SECOND)
    .toISOString()
    .replace('.000Z', 'Z')
}

/** Go's `time.Kitchen`, which Argo CD uses in its retry messages: `3:04PM`. */
export function kitchenTime(timeMs: number): string {
  const time = new Date(timeMs)
  const hour = time.getUTCHours()
  const shownHour = hour % 12 === 0 ? 12 : hour % 12
  const minute = String(time.getUTCMinutes()).padStart(2, '0')
  return `${shownHour}:${minute}${hour < 12 ? 'AM' : 'PM'}`
}

/** Waits. Answers false instead of throwing when `signal` fired first. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false
  if (durationMs <= 0) return true
  try {
    await wait(durationMs, undefined, { signal })
    return true
  } catch {
    return false
  }
}

const UNIT_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: MS_PER_SECOND,
  m: 60 * MS_PER_SECOND,
  h: 3600 * MS_PER_SECOND,
}

/** Parses a Go duration such as `1m30s` or `200ms`; a bare number means seconds, as Argo CD's backoff reads it. */
export function goDurationMs(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * MS_PER_SECOND
  if (!/^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/.test(text)) return undefined
  let totalMs = 0
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ns|us|ms|s|m|h)/g)) {
    totalMs += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0)
  }
  return totalMs
}
