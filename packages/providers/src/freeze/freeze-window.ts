import { parseDuration } from '@tiphys/contract/duration.ts'
import type { Freeze } from '@tiphys/contract/freeze.ts'
import { parseTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { Cron } from 'croner'

/**
 * When a freeze holds. It stands here and not in core because cron with time zones comes from a library that knows the calendar; the
 * answer follows from the arguments alone.
 */
export type FreezeWindow = { readonly fromMs: number; readonly untilMs: number }

/** The window that `nowMs` is in, its end exclusive; undefined outside. Overlapping recurrences count as one until the last ends. */
export function freezeWindow(freeze: Freeze, nowMs: number): FreezeWindow | undefined {
  const window = freeze.schedule === undefined ? once(freeze) : latest(freeze, nowMs)
  return window !== undefined && window.fromMs <= nowMs && nowMs < window.untilMs
    ? window
    : undefined
}

function once({ from, to }: Freeze): FreezeWindow | undefined {
  const [fromMs, untilMs] = [parseTimestamp(from ?? ''), parseTimestamp(to ?? '')]
  return fromMs === undefined || untilMs === undefined ? undefined : { fromMs, untilMs }
}

function latest({ schedule, duration, timeZone }: Freeze, nowMs: number): FreezeWindow | undefined {
  const durationMs = parseDuration(duration ?? '')
  if (schedule === undefined || durationMs === undefined) return undefined
  // The search looks strictly before its reference, and a window begins with its first millisecond.
  const [begin] = cronOf(schedule, timeZone).previousRuns(1, new Date(nowMs + 1))
  if (begin === undefined) return undefined
  return { fromMs: begin.getTime(), untilMs: begin.getTime() + durationMs }
}

/** What is wrong with the times of a freeze, by key; empty when it can be used. */
export function freezeProblems(
  freeze: Freeze,
): readonly { readonly key: keyof Freeze; readonly message: string }[] {
  if (freeze.schedule === undefined) return onceProblems(freeze)
  try {
    cronOf(freeze.schedule, 'UTC')
  } catch {
    const message = `schedule ${JSON.stringify(freeze.schedule)} is not cron; write minute, hour, day, month and weekday (0 18 * * 5)`
    return [{ key: 'schedule', message }]
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: freeze.timeZone ?? 'UTC' })
  } catch {
    const message = `timeZone ${JSON.stringify(freeze.timeZone)} is not known; write a name like Europe/Berlin`
    return [{ key: 'timeZone', message }]
  }
  return []
}

function onceProblems({ from = '', to = '' }: Freeze) {
  const fromMs = parseTimestamp(from)
  const untilMs = parseTimestamp(to)
  const expected = 'is not a time; write 2026-11-26T18:00:00Z'
  if (fromMs === undefined) {
    return [{ key: 'from' as const, message: `from ${JSON.stringify(from)} ${expected}` }]
  }
  if (untilMs === undefined) {
    return [{ key: 'to' as const, message: `to ${JSON.stringify(to)} ${expected}` }]
  }
  if (untilMs <= fromMs) {
    return [
      { key: 'to' as const, message: `the freeze ends at ${to}, before it begins at ${from}` },
    ]
  }
  return []
}

/** Beginnings at whole minutes: a schedule with seconds is refused. */
function cronOf(schedule: string, timeZone: string | undefined): Cron {
  return new Cron(schedule, { mode: '5-part', timezone: timeZone ?? 'UTC', paused: true })
}
