/** What something was from a moment on, oldest first: the health of an application, or whether it is in sync. */
export type Timeline = readonly TimelineEntry[]
export type TimelineEntry = { readonly atMs: number; readonly value: string }

/** A time in which nobody looked. */
export type Outage = { readonly fromMs: number; readonly toMs: number }

export type Span = { readonly startMs: number; readonly endMs: number }

export type TimeIn = {
  /** How long it was what was asked for, of what was seen. */
  readonly ms: number
  /** How much of the window nobody saw. */
  readonly unseenMs: number
}

/** How long of a window something was one of `values`, and how much of it nobody saw. */
export function timeIn(
  timeline: Timeline,
  outages: readonly Outage[],
  values: readonly string[],
  window: Span,
): TimeIn {
  const first = timeline[0]?.atMs ?? window.endMs
  const seen = without(outages, { startMs: Math.max(window.startMs, first), endMs: window.endMs })
  let ms = 0
  for (const [index, { atMs, value }] of timeline.entries()) {
    if (!values.includes(value)) continue
    const untilMs = timeline[index + 1]?.atMs ?? Number.POSITIVE_INFINITY
    for (const one of seen) ms += overlap(one, { startMs: atMs, endMs: untilMs })
  }
  const seenMs = seen.reduce((sum, one) => sum + lengthOf(one), 0)
  return { ms, unseenMs: lengthOf(window) - seenMs }
}

/** When it first became one of `values` at or after a moment, and stayed so for `settleMs` or is so still; undefined: it did not. */
export function becameAt(
  timeline: Timeline,
  values: readonly string[],
  fromMs: number,
  settleMs: number,
): number | undefined {
  for (const [index, { atMs, value }] of timeline.entries()) {
    const untilMs = timeline[index + 1]?.atMs ?? Number.POSITIVE_INFINITY
    const beginsMs = Math.max(atMs, fromMs)
    if (values.includes(value) && untilMs - beginsMs >= settleMs) return beginsMs
  }
  return undefined
}

/** A timeline that a fresher look goes on with: since that moment it is this. */
export function continued(timeline: Timeline, { atMs, value }: TimelineEntry): Timeline {
  const before = timeline.filter((entry) => entry.atMs < atMs)
  return before.at(-1)?.value === value ? before : [...before, { atMs, value }]
}

function lengthOf({ startMs, endMs }: Span): number {
  return Math.max(0, endMs - startMs)
}

function overlap(left: Span, right: Span): number {
  return lengthOf({
    startMs: Math.max(left.startMs, right.startMs),
    endMs: Math.min(left.endMs, right.endMs),
  })
}

/** What is left of a span without the outages. */
function without(outages: readonly Outage[], span: Span): readonly Span[] {
  return outages.reduce(
    (spans: readonly Span[], { fromMs, toMs }) =>
      spans.flatMap(({ startMs, endMs }) =>
        [
          { startMs, endMs: Math.min(endMs, Math.max(startMs, fromMs)) },
          { startMs: Math.max(startMs, Math.min(endMs, toMs)), endMs },
        ].filter((one) => lengthOf(one) > 0),
      ),
    lengthOf(span) > 0 ? [span] : [],
  )
}
