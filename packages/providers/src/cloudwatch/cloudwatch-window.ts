const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS

/** The finest data that CloudWatch keeps, by age ("GetMetricData" in its API reference). */
const KEPT = [
  { olderThanMs: 63 * DAY_MS, stepMs: 60 * MINUTE_MS },
  { olderThanMs: 15 * DAY_MS, stepMs: 5 * MINUTE_MS },
] as const

/** About as many points as a person looks at. */
const USUAL_POINTS = 60
/** CloudWatch sends up to 100,800 in one answer; a tenth is plenty for one value. */
const MAX_POINTS = 10_000

export type CloudWatchWindow = {
  readonly startS: number
  /** Exclusive. */
  readonly endS: number
  readonly periodS: number
}

/**
 * What is asked for: times as CloudWatch would round them anyway, and, where no period is given, one that fits: the whole window, so that a
 * p95 is the p95 of all its requests and a sum is complete; or, for a series, about sixty to the window. Undefined: too many points.
 */
export function cloudWatchWindow(
  window: { readonly startMs: number; readonly endMs: number },
  wish: { readonly periodS: number | undefined; readonly isSeries: boolean },
  nowMs: number,
): CloudWatchWindow | undefined {
  const ageMs = nowMs - window.startMs
  const keptMs = KEPT.find(({ olderThanMs }) => ageMs > olderThanMs)?.stepMs ?? MINUTE_MS
  const givenMs = wish.periodS === undefined ? undefined : wish.periodS * SECOND_MS
  const stepMs = givenMs === undefined ? keptMs : Math.min(keptMs, givenMs)
  const startMs = Math.floor(window.startMs / stepMs) * stepMs
  const durationMs = window.endMs - window.startMs
  const wholeMs = Math.max(stepMs, Math.round(durationMs / stepMs) * stepMs)
  const fineMs = Math.max(stepMs, Math.ceil(durationMs / USUAL_POINTS / stepMs) * stepMs)
  const periodMs = givenMs ?? (wish.isSeries ? fineMs : wholeMs)
  if (durationMs / periodMs > MAX_POINTS) return undefined
  // With a period of its own the window ends where it ends; one period is whole.
  const endMs = Math.max(
    startMs + periodMs,
    givenMs === undefined ? startMs + wholeMs : window.endMs,
  )
  return {
    startS: startMs / SECOND_MS,
    endS: Math.ceil(endMs / SECOND_MS),
    periodS: periodMs / SECOND_MS,
  }
}
