import { formatDuration, parseDuration } from '@tiphys/contract/duration.ts'
import type { EvaluationTriggered } from '@tiphys/contract/evaluation.ts'
import { formatTimestamp, parseTimestamp } from './timestamp.ts'

/** The time that an evaluation looks at. */
export type EvaluationWindow = {
  readonly startMs: number
  readonly endMs: number
  /** As on the wire: those of the test task verbatim, all others in Keptn's form. */
  readonly start: string
  readonly end: string
  readonly from: 'evaluation' | 'test' | 'flags'
}

export type WindowResult =
  | { readonly ok: true; readonly window: EvaluationWindow }
  | { readonly ok: false; readonly message: string }

export type WindowWish = {
  readonly start?: string | undefined
  readonly end?: string | undefined
  readonly timeframe?: string | undefined
}

/** Keptn: an explicit window shorter than this is refused. The window of a test task may be any length. */
const MINIMUM_WINDOW_MS = 60_000
const DEFAULT_TIMEFRAME_MS = 5 * 60_000
const MS_PER_SECOND = 1000
/** Whoever names the end of a window reads another clock. */
const CLOCK_TOLERANCE_MS = 60_000

/**
 * Which window `evaluation.triggered` selects (facts/keptn-v1.md 3.2): start and end, or a timeframe, of the evaluation; else those of
 * the test; else none. Only a timeframe: it ends at `dueMs`, when our `evaluation.triggered` became due (behaviour.md 12).
 */
export function evaluationWindow(data: EvaluationTriggered, dueMs: number): WindowResult {
  const wish = {
    start: data.evaluation?.start || undefined,
    end: data.evaluation?.end || undefined,
    timeframe: data.evaluation?.timeframe || undefined,
  }
  const isExplicit =
    (wish.start !== undefined && wish.end !== undefined) || wish.timeframe !== undefined
  if (isExplicit) return explicitWindow(wish, dueMs, 'evaluation')
  const start = data.test?.start || undefined
  const end = data.test?.end || undefined
  if (start !== undefined && end !== undefined) return testWindow(start, end)
  return {
    ok: false,
    message: 'evaluation.triggered event does not contain evaluation timeframe',
  }
}

/** The rules for start, end and timeframe as somebody gives them: in an event, in a request, as flags. */
export function explicitWindow(
  wish: WindowWish,
  dueMs: number,
  from: EvaluationWindow['from'],
): WindowResult {
  const { start, end, timeframe } = wish
  if (start !== undefined && end === undefined && timeframe === undefined) {
    return { ok: false, message: 'no timeframe or end date provided' }
  }
  if (end !== undefined && timeframe !== undefined) {
    return { ok: false, message: "'end' and 'timeframe' are mutually exclusive" }
  }
  if (end !== undefined && start === undefined) {
    return { ok: false, message: 'start date is required when using an end date' }
  }
  const timeframeMs = timeframe === undefined ? DEFAULT_TIMEFRAME_MS : parseDuration(timeframe)
  if (timeframeMs === undefined) {
    const message = `could not parse provided timeframe: ${JSON.stringify(timeframe)} is not a duration like 5m or 1h30m`
    return { ok: false, message }
  }
  const startMs = start === undefined ? dueMs - timeframeMs : parseTimestamp(start)
  if (startMs === undefined) return notATime('start', start)
  const endMs =
    end !== undefined ? parseTimestamp(end) : start !== undefined ? startMs + timeframeMs : dueMs
  if (endMs === undefined) return notATime('end', end)
  if (endMs - startMs < MINIMUM_WINDOW_MS) {
    return { ok: false, message: 'end date must be at least 1 minute after start date' }
  }
  const window = { startMs, endMs, start: formatTimestamp(startMs), end: formatTimestamp(endMs) }
  return { ok: true, window: { ...window, from } }
}

/**
 * Why a window cannot be judged yet: it ends after the moment at which it is. Undefined when it does not. The windows of tests are
 * whatever their tasks say, on their own clocks.
 */
export function windowAhead(window: EvaluationWindow, nowMs: number): string | undefined {
  const aheadMs = window.endMs - nowMs
  if (window.from === 'test' || aheadMs <= CLOCK_TOLERANCE_MS) return undefined
  return `the window ends in the future, at ${window.end}: that is ${formatDuration(aheadMs)} from now`
}

function testWindow(start: string, end: string): WindowResult {
  const startMs = parseTestTime(start)
  if (startMs === undefined) return notATime('test.start', start)
  const endMs = parseTestTime(end)
  if (endMs === undefined) return notATime('test.end', end)
  if (endMs < startMs) {
    return { ok: false, message: `test.end ${end} lies before test.start ${start}` }
  }
  return { ok: true, window: { startMs, endMs, start, end, from: 'test' } }
}

/** Test services also send whole seconds since 1970, which Keptn's Prometheus provider understood. */
function parseTestTime(text: string): number | undefined {
  return /^\d{1,11}$/.test(text) ? Number(text) * MS_PER_SECOND : parseTimestamp(text)
}

function notATime(name: string, text: string | undefined): WindowResult {
  const message = `${name} ${JSON.stringify(text ?? '')} is not a time like 2006-01-02T15:04:05.000Z`
  return { ok: false, message }
}
