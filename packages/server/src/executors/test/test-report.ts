import type { Result } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { addTally, figuresOf, type LoadFigures, newTally } from '@tiphys/core/load/tally.ts'
import type { CheckOutcome } from './check-run.ts'
import type { LoadReport } from './load-run.ts'
import type { LoadVerdict } from './load-verdict.ts'

/** How one test of the file ended. Wall-clock times in ms. */
export type TestOutcome = ChecksOutcome | LoadOutcome | SkippedOutcome

export type ChecksOutcome = {
  readonly kind: 'checks'
  readonly name: string
  readonly url: string
  readonly startMs: number
  readonly endMs: number
  readonly checks: readonly CheckOutcome[]
}

export type LoadOutcome = {
  readonly kind: 'load'
  readonly name: string
  readonly url: string
  /** When measuring began and ended, without ramp and warm-up. */
  readonly startMs: number
  readonly endMs: number
  readonly report: LoadReport
  readonly verdict: LoadVerdict
}

/** A load test is not sent at a service that failed its checks. */
export type SkippedOutcome = { readonly kind: 'skipped'; readonly name: string }

export function resultOf(outcome: TestOutcome): Result {
  switch (outcome.kind) {
    case 'checks':
      return outcome.checks.every((check) => check.passed) ? 'pass' : 'fail'
    case 'load':
      return outcome.verdict.result
    case 'skipped':
      return 'pass'
  }
}

export function worstResult(outcomes: readonly TestOutcome[]): Result {
  const results = outcomes.map(resultOf)
  if (results.includes('fail')) return 'fail'
  return results.includes('warning') ? 'warning' : 'pass'
}

/**
 * The evaluation window: what was measured. With load tests it spans their measured parts, so that neither checks that wait for the
 * service to come up nor a warm-up spoil what a provider reads for it; else it spans the checks.
 */
export function windowOf(
  outcomes: readonly TestOutcome[],
): { startMs: number; endMs: number } | undefined {
  const timed = outcomes.filter((outcome) => outcome.kind !== 'skipped')
  const loads = timed.filter((outcome) => outcome.kind === 'load')
  const relevant = loads.length > 0 ? loads : timed
  if (relevant.length === 0) return undefined
  return {
    startMs: Math.min(...relevant.map((outcome) => outcome.startMs)),
    endMs: Math.max(...relevant.map((outcome) => outcome.endMs)),
  }
}

/**
 * `data.test.results` (contract/test-results.ts): figures of everything together, and of each test under `targets`, by its name;
 * of requests with a name of their own under `<test>/<request>`.
 *
 * Keptn's merge lays these over the results of an earlier stage and removes nothing. So that nobody takes an old figure for a new
 * one, each level has `run` (which run measured it) and `measured` (which figures it measured, separated by commas).
 */
export function testResults(
  outcomes: readonly TestOutcome[],
  place: { readonly run: string; readonly stage: string },
): JsonObject {
  const targets: Record<string, JsonObject> = {}
  for (const outcome of outcomes) {
    const figures = figuresOfOutcome(outcome)
    if (outcome.kind === 'skipped') continue
    const { name, url } = outcome
    const common = { ...place, url, result: resultOf(outcome) }
    targets[name] = { ...common, ...withNames(figures) }
    if (outcome.kind !== 'load') continue
    for (const [request, tally] of outcome.report.named) {
      const own = figuresOf(tally, outcome.report.measuredMs)
      targets[`${name}/${request}`] = { ...place, url, ...withNames(own) }
    }
  }
  return { ...place, ...withNames(totalFigures(outcomes)), targets }
}

function figuresOfOutcome(outcome: TestOutcome): LoadFigures {
  switch (outcome.kind) {
    case 'checks': {
      const passed = outcome.checks.filter((check) => check.passed).length
      return { checks_passed: passed, checks_failed: outcome.checks.length - passed }
    }
    case 'load':
      return outcome.verdict.figures
    case 'skipped':
      return {}
  }
}

function totalFigures(outcomes: readonly TestOutcome[]): LoadFigures {
  const checks = outcomes.flatMap((one) => (one.kind === 'checks' ? one.checks : []))
  const loads = outcomes.filter((one) => one.kind === 'load')
  const passed = checks.filter((check) => check.passed).length
  const counts = { checks_passed: passed, checks_failed: checks.length - passed }
  if (loads.length === 0) return counts
  const tally = newTally()
  for (const load of loads) addTally(tally, load.report.tally)
  const measuredMs = loads.reduce((sum, load) => sum + load.report.measuredMs, 0)
  return { ...figuresOf(tally, measuredMs), ...counts }
}

function withNames(figures: LoadFigures): JsonObject {
  return { ...figures, measured: Object.keys(figures).join(',') }
}

const MAX_SENTENCES = 5
/** A message is read in lists and comments; the figures are in the results. */
const MAX_MESSAGE_CHARACTERS = 4_000

/** One message for people: what failed comes first, with its numbers. */
export function messageOf(outcomes: readonly TestOutcome[]): string {
  const order: Readonly<Record<Result, number>> = { fail: 0, warning: 1, pass: 2 }
  const sorted = outcomes.toSorted((left, right) => order[resultOf(left)] - order[resultOf(right)])
  const message = sorted.map(sentenceOf).join('; ')
  if (message.length <= MAX_MESSAGE_CHARACTERS) return message
  return `${message.slice(0, MAX_MESSAGE_CHARACTERS)}…`
}

function sentenceOf(outcome: TestOutcome): string {
  switch (outcome.kind) {
    case 'skipped':
      return `${outcome.name} was not run, because checks failed`
    case 'load': {
      const { result, reasons, summary } = outcome.verdict
      const why = reasons.length === 0 ? '' : `: ${limited(reasons)}`
      return `${outcome.name} ${WORDS[result]}${why} (${summary})`
    }
    case 'checks': {
      const failed = outcome.checks.filter((check) => !check.passed)
      const count = outcome.checks.length
      if (failed.length === 0) return `${outcome.name} passed (${count} of ${count} checks)`
      const sentences = failed.map((check) => check.sentence)
      return `${outcome.name} failed: ${limited(sentences)} (${count - failed.length} of ${count} checks passed)`
    }
  }
}

const WORDS: Readonly<Record<Result, string>> = {
  pass: 'passed',
  warning: 'passed with a warning',
  fail: 'failed',
}

function limited(sentences: readonly string[]): string {
  const shown = sentences.slice(0, MAX_SENTENCES).join('; ')
  const more = sentences.length - MAX_SENTENCES
  return more > 0 ? `${shown}; and ${more} more` : shown
}
