import { formatTimestamp, parseTimestamp } from '../evaluation/timestamp.ts'
import { MEASUREMENT_WORDS } from './explain-objective.ts'
import type {
  ExplainedObjective,
  ExplainedRun,
  ExplainedWindow,
  Explanation,
  Verdict,
} from './explanation.ts'
import { formatNumber, withUnit } from './number-format.ts'

/** Words that every form of the report uses. What they are made of is not escaped: that is each form's own. */

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  pass: 'pass',
  warning: 'warning',
  fail: 'fail',
  none: 'no verdict',
}

/** The verdict as one line of figures: `fail · 61.1 of 90 needed, warning from 75`. */
export function headline(explanation: Explanation): string {
  const figures = scoreText(explanation)
  const word = VERDICT_WORDS[explanation.verdict]
  return figures === null ? word : `${word} · ${figures}`
}

/** `61.1 of 90 needed, warning from 75`; null where nothing was scored. */
export function scoreText({ verdict, score }: Explanation): string | null {
  if (score === null || verdict === 'none') return null
  const warning = score.warning === null ? '' : `, warning from ${formatNumber(score.warning)}`
  return `${formatNumber(score.value)} of ${formatNumber(score.needed)} needed${warning}`
}

/** `pass`, `warning`, `fail`, `info`; where there is no value, what kind of none. */
export function statusWord({ status, measurement, pass }: ExplainedObjective): string {
  if (measurement.kind === 'measured' || pass === null) return status
  return MEASUREMENT_WORDS[measurement.kind]
}

export function measuredText({ measurement }: ExplainedObjective): string {
  return measurement.kind === 'measured' ? measurement.text : '–'
}

/** `1 of 2`, `–` where nothing could be earned. */
export function pointsText({ points, weight, pass }: ExplainedObjective): string {
  return pass === null ? '–' : `${formatNumber(points)} of ${formatNumber(weight)}`
}

/** `cost 33.3 of 100`, and what a key indicator does besides; null where nothing was decided, so that it cost nothing. */
export function costText(
  { verdict }: Explanation,
  { veto, lostScore }: Explanation['causes'][number],
): string | null {
  if (verdict === 'none') return null
  if (!veto) return `cost ${formatNumber(lostScore)} of 100`
  const alone = 'a key indicator: it fails the evaluation alone'
  return lostScore === 0 ? alone : `cost ${formatNumber(lostScore)} of 100; ${alone}`
}

/** More would hide the rest. */
const MAX_RUN_VALUES = 10

/** `250 ms, average of 3 runs (240, 250, 260); now +24.8 %`. */
export function baselineText({ baseline, unit }: ExplainedObjective): string | null {
  if (baseline === null) return null
  const values = baseline.runs.slice(0, MAX_RUN_VALUES).map((run) => formatNumber(run.value))
  if (baseline.runs.length > values.length) values.push('…')
  const made = values.length < 2 ? '' : ` (${values.join(', ')})`
  const change = changeText(baseline.changePercent)
  const value = withUnit(formatNumber(baseline.value), unit)
  return `${value}, ${baseline.of}${made}${change === null ? '' : `; now ${change}`}`
}

/** Three digits tell a change. */
const CHANGE_DIGITS = 3

/** `+24.8 %`, `−3 %`, `unchanged`. */
export function changeText(changePercent: number | null): string | null {
  if (changePercent === null) return null
  if (changePercent === 0) return 'unchanged'
  const amount = formatNumber(Math.abs(changePercent), CHANGE_DIGITS)
  return `${changePercent < 0 ? '−' : '+'}${amount} %`
}

/** What a person knows an earlier run by: its version and time where they are known, else its id. */
export function runText({ id, version, timeMs }: ExplainedRun): string {
  const time = timeMs === null ? null : minuteText(timeMs)
  if (version === null) return time === null ? id : `${id} (${time})`
  return time === null ? version : `${version} (${time})`
}

const MINUTES_END = '2026-11-22T11:12'.length

/** `2026-11-22 11:12 UTC`. */
function minuteText(timeMs: number): string {
  return `${formatTimestamp(timeMs).slice(0, MINUTES_END).replace('T', ' ')} UTC`
}

const DATE_END = '2026-11-22'.length
const SECONDS_END = '2026-11-22T11:12:00'.length

/** `2026-11-22 11:12:00 to 11:17:00 UTC (5 min)`; times that a test service wrote in a form of its own as they are. */
export function windowText({ start, end, durationMs }: ExplainedWindow): string {
  const [startMs, endMs] = [parseTimestamp(start), parseTimestamp(end)]
  const length = durationText(durationMs)
  if (startMs === undefined || endMs === undefined) return `${start} to ${end} (${length})`
  const from = formatTimestamp(startMs).slice(0, SECONDS_END).replace('T', ' ')
  const until = formatTimestamp(endMs).slice(0, SECONDS_END).replace('T', ' ')
  const isSameDay = from.slice(0, DATE_END) === until.slice(0, DATE_END)
  return `${from} to ${isSameDay ? until.slice(DATE_END + 1) : until} UTC (${length})`
}

const MS_PER_SECOND = 1000
const SECONDS_PER_MINUTE = 60
const MINUTES_PER_HOUR = 60

/** `5 min`, `1 h 30 min`, `45 s`. */
function durationText(durationMs: number): string {
  const seconds = Math.round(durationMs / MS_PER_SECOND)
  if (seconds < SECONDS_PER_MINUTE) return `${seconds} s`
  const minutes = Math.floor(seconds / SECONDS_PER_MINUTE)
  const hours = Math.floor(minutes / MINUTES_PER_HOUR)
  const parts = [
    hours > 0 ? `${hours} h` : '',
    minutes % MINUTES_PER_HOUR > 0 ? `${minutes % MINUTES_PER_HOUR} min` : '',
    hours === 0 && seconds % SECONDS_PER_MINUTE > 0 ? `${seconds % SECONDS_PER_MINUTE} s` : '',
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** As a sentence or a title begins. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** What else there is to say, a sentence each without its mark: provider failures, notes, what nobody asked for. */
export function remarksOf({
  providerFailure,
  baseline,
  notes,
  additionalSlis,
}: Explanation): string[] {
  const remarks = [...notes, ...(baseline?.notes ?? [])]
  if (providerFailure !== null) {
    remarks.unshift(`the provider called its own answer a failure: ${providerFailure}`)
  }
  if (additionalSlis.length > 0) {
    remarks.push(`measured, but named by no objective: ${additionalSlis.join(', ')}`)
  }
  return remarks
}
