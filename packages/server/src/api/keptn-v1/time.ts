import { parseTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { type Refusal, refuse } from '../answer.ts'

/** Keptn's controller writes nanoseconds since 1970 as text; a double cannot hold them. */
export function nanoseconds(timeMs: number): string {
  return `${timeMs}000000`
}

export type TimeRange = { readonly fromTimeMs?: number; readonly beforeTimeMs?: number }

/** `fromTime` and `beforeTime` of a list; empty text is not given. */
export function timeRange(query: {
  readonly fromTime?: string | undefined
  readonly beforeTime?: string | undefined
}): ({ readonly ok: true } & TimeRange) | Refusal {
  const range: { fromTimeMs?: number; beforeTimeMs?: number } = {}
  for (const name of ['fromTime', 'beforeTime'] as const) {
    const text = query[name]
    if (text === undefined || text === '') continue
    const timeMs = parseTimestamp(text)
    if (timeMs === undefined) {
      return refuse(
        'invalid',
        `query parameter ${name} must be a time like 2006-01-02T15:04:05.000Z, not ${JSON.stringify(text)}`,
      )
    }
    range[`${name}Ms`] = timeMs
  }
  return { ok: true, ...range }
}
