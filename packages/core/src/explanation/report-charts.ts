import type { ExplainedObjective, ExplainedScore } from './explanation.ts'
import { html, type Markup } from './markup.ts'
import { formatNumber, withUnit } from './number-format.ts'

/** Small drawings of numbers that stand beside them in words. SVG with numbers only; colours come from the page's style by class. */

const GAUGE_WIDTH = 600
const PERCENT = 100

/** The score as a bar, with the marks it had to reach. */
export function gauge(score: ExplainedScore): Markup {
  const at = (percent: number) => round((GAUGE_WIDTH * clamp(percent, 0, PERCENT)) / PERCENT)
  const mark = (percent: number, kind: string) =>
    html`<line class="${kind}" x1="${at(percent)}" x2="${at(percent)}" y1="0" y2="20"/>`
  return html`<svg class="gauge" viewBox="0 0 ${GAUGE_WIDTH} 20" preserveAspectRatio="none" aria-hidden="true"><rect class="rail" x="0" y="6" width="${GAUGE_WIDTH}" height="8" rx="2"/><rect class="level" x="0" y="6" width="${at(score.value)}" height="8" rx="2"/>${
    score.warning === null ? null : mark(score.warning, 'mark-warning')
  }${mark(score.needed, 'mark-pass')}</svg>`
}

const BULLET_WIDTH = 200
/** Beyond the largest number, so that its end is seen. */
const HEADROOM = 1.12

/** Measured value as a bar, limits as lines, the baseline as a tick; null where there is nothing to draw, or no common zero. */
export function bullet({ measurement, margin, baseline }: ExplainedObjective): Markup | null {
  if (measurement.kind !== 'measured' || margin === null) return null
  const limits = [margin.low, margin.high].flatMap((bound) => bound?.limit ?? [])
  const { value } = measurement
  const numbers = [value, ...limits, ...(baseline === null ? [] : [baseline.value])]
  const largest = Math.max(...numbers) * HEADROOM
  if (limits.length === 0 || numbers.some((one) => one < 0) || !(largest > 0)) return null
  if (!Number.isFinite(largest)) return null
  const at = (one: number) => round((BULLET_WIDTH * one) / largest)
  const line = (one: number, kind: string, inset: number) =>
    html`<line class="${kind}" x1="${at(one)}" x2="${at(one)}" y1="${inset}" y2="${18 - inset}"/>`
  return html`<svg class="bullet" viewBox="0 0 ${BULLET_WIDTH} 18" preserveAspectRatio="none" aria-hidden="true"><rect class="rail" x="0" y="5" width="${BULLET_WIDTH}" height="8" rx="2"/><rect class="level" x="0" y="5" width="${at(value)}" height="8" rx="1"/>${
    baseline === null ? null : line(baseline.value, 'mark-baseline', 3)
  }${limits.map((limit) => line(limit, 'mark-limit', 0))}</svg>`
}

const SPARK_WIDTH = 240
const SPARK_HEIGHT = 48
const SPARK_MARGIN = 3

/** The course of an indicator in its window, with the limits it was held against; null for less than two points. */
export function sparkline({ series, margin, unit, name }: ExplainedObjective): Markup | null {
  const points = (series?.points ?? []).filter(
    ([timeMs, value]) => isPlain(timeMs) && isPlain(value),
  )
  const [first] = points
  const last = points.at(-1)
  if (first === undefined || last === undefined || last[0] <= first[0]) return null
  const values = points.map(([, value]) => value)
  const limits = [margin?.low, margin?.high].flatMap((bound) => bound?.limit ?? [])
  const least = Math.min(...values, ...limits)
  const most = Math.max(...values, ...limits)
  const height = SPARK_HEIGHT - 2 * SPARK_MARGIN
  const y = (value: number) =>
    round(SPARK_MARGIN + (most === least ? height / 2 : (height * (most - value)) / (most - least)))
  const x = (timeMs: number) => round((SPARK_WIDTH * (timeMs - first[0])) / (last[0] - first[0]))
  const path = points.map(([timeMs, value]) => `${x(timeMs)},${y(value)}`).join(' ')
  const range = `${formatNumber(Math.min(...values))} to ${withUnit(formatNumber(Math.max(...values)), unit)}`
  return html`<svg class="spark" viewBox="0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${`${name} in the window: ${range}`}">${limits.map(
    (limit) =>
      html`<line class="mark-limit" x1="0" x2="${SPARK_WIDTH}" y1="${y(limit)}" y2="${y(limit)}"/>`,
  )}<polyline class="course" points="${path}"/></svg>`
}

/** What a drawing can hold: coordinates of larger numbers are not exact any more. */
const MAX_PLAIN = 1e300

function isPlain(value: number): boolean {
  return Number.isFinite(value) && Math.abs(value) < MAX_PLAIN
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}

/** Tenths are finer than any screen. */
function round(value: number): number {
  const tenths = Math.round(value * 10) / 10
  return Number.isFinite(tenths) ? tenths : 0
}

/** The silhouettes of states: colour is never the only sign. */
export function shape(state: 'pass' | 'warning' | 'fail' | 'none' | 'info'): Markup {
  return html`<svg class="shape ${state}" viewBox="0 0 16 16" aria-hidden="true">${SHAPES[state]}</svg>`
}

const SHAPES: Readonly<Record<Parameters<typeof shape>[0], Markup>> = {
  pass: html`<circle class="solid" cx="8" cy="8" r="7"/><path class="sign" d="M4.8 8.3l2.2 2.2 4.2-4.6"/>`,
  warning: html`<path class="solid" d="M8 1.4 15 14H1z"/><path class="sign" d="M8 6v3.6M8 11.7v.1"/>`,
  fail: html`<rect class="solid" x="1.2" y="1.2" width="13.6" height="13.6" rx="2"/><path class="sign" d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6"/>`,
  none: html`<path class="solid" d="M8 1.2V14.8L1.2 8z"/><path class="edge" d="M8 1.2 14.8 8 8 14.8 1.2 8z"/>`,
  info: html`<circle class="edge" cx="8" cy="8" r="6" stroke-dasharray="2.2 2.5"/>`,
}
