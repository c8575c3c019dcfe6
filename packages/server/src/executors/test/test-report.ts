import type { Result } from '@tiphys/contract/event.ts'
import type { CheckOutcome } from './check-run.ts'
import type { CommandOutcome } from './command/command-run.ts'
import type { LoadReport } from './load-run.ts'
import { type LoadVerdict, summaryOf } from './load-verdict.ts'

/** How one test of the file ended. Wall-clock times in ms. */
export type TestOutcome = ChecksOutcome | LoadOutcome | CommandOutcome | SkippedOutcome

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

/** A service that failed its checks is put under no load. */
export type SkippedOutcome = { readonly kind: 'skipped'; readonly name: string }

export function resultOf(outcome: TestOutcome): Result {
  switch (outcome.kind) {
    case 'checks':
      return outcome.checks.every((check) => check.passed) ? 'pass' : 'fail'
    case 'load':
      return outcome.verdict.result
    case 'command':
      return outcome.result
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
  const loads = timed.filter(isLoadOutcome)
  const relevant = loads.length > 0 ? loads : timed
  if (relevant.length === 0) return undefined
  return {
    startMs: Math.min(...relevant.map((outcome) => outcome.startMs)),
    endMs: Math.max(...relevant.map((outcome) => outcome.endMs)),
  }
}

function isLoadOutcome(outcome: TestOutcome): boolean {
  if (outcome.kind !== 'command') return outcome.kind === 'load'
  return typeof outcome.figures['requests'] === 'number'
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
    case 'command': {
      const { name, result, reasons } = outcome
      const counts = countsOf(outcome)
      const why = reasons.length === 0 ? '' : `: ${limited(reasons)}`
      return `${name} ${WORDS[result]}${why}${counts === '' ? '' : ` (${counts})`}`
    }
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

/** `5 of 6 checks passed, 240 requests, p95 41 ms, errors 0.4 %`. */
function countsOf({ figures }: CommandOutcome): string {
  const numbers = Object.fromEntries(
    Object.entries(figures).filter((entry): entry is [string, number] => isNumber(entry[1])),
  )
  const { checks_passed: passed, checks_failed: failed, requests } = numbers
  const parts: string[] = []
  if (passed !== undefined && failed !== undefined) {
    parts.push(`${passed} of ${passed + failed} checks passed`)
  }
  if (requests !== undefined) parts.push(summaryOf(numbers))
  return parts.join(', ')
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
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
