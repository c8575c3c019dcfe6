import type { JsonObject } from '@tiphys/contract/json.ts'
import { combineResults } from '@tiphys/core/load/combined-results.ts'
import { markMeasured } from '@tiphys/core/load/own-results.ts'
import { addTally, figuresOf, newTally } from '@tiphys/core/load/tally.ts'
import type { CommandOutcome } from './command/command-run.ts'
import { type ChecksOutcome, type LoadOutcome, resultOf, type TestOutcome } from './test-report.ts'

/** Suites and samplers of commands that have figures of their own: they travel in the data of every later event. */
const MAX_COMMAND_TARGETS = 40

/**
 * `data.test.results` (contract/test-results.ts): figures of everything together, and of each test under `targets`, by its name;
 * of requests with a name of their own, and of suites and samplers in result files, under `<test>/<name>`.
 *
 * Keptn's merge lays these over the results of an earlier stage and removes nothing. So that nobody takes an old figure for a new
 * one, each level has `run` (which run measured it) and `measured` (which figures it measured, separated by commas).
 */
export function testResults(
  outcomes: readonly TestOutcome[],
  place: { readonly run: string; readonly stage: string },
): JsonObject {
  const targets: Record<string, JsonObject> = {}
  const marked = (figures: JsonObject) => ({ ...place, ...markMeasured(figures, place.run) })
  let left = MAX_COMMAND_TARGETS
  for (const outcome of outcomes) {
    if (outcome.kind === 'skipped') continue
    const { name, url } = outcome
    const where = url === undefined ? {} : { url }
    const own = marked(figuresOfOutcome(outcome))
    targets[name] = { ...own, ...where, result: resultOf(outcome) }
    if (outcome.kind === 'load') {
      for (const [request, tally] of outcome.report.named) {
        const figures = figuresOf(tally, outcome.report.measuredMs)
        targets[`${name}/${request}`] = { ...marked(figures), ...where }
      }
    } else if (outcome.kind === 'command') {
      for (const [part, figures] of Object.entries(outcome.targets).slice(0, left)) {
        targets[`${name}/${part}`] = marked(figures)
        left -= 1
      }
    }
  }
  return { ...marked(totalFigures(outcomes)), targets }
}

function figuresOfOutcome(outcome: Exclude<TestOutcome, { kind: 'skipped' }>): JsonObject {
  switch (outcome.kind) {
    case 'checks': {
      const passed = outcome.checks.filter((check) => check.passed).length
      return { checks_passed: passed, checks_failed: outcome.checks.length - passed }
    }
    case 'load':
      return outcome.verdict.figures
    case 'command':
      return figuresOfCommand(outcome)
  }
}

/** A command that says nothing but its exit code is one check. */
function figuresOfCommand({ figures, result }: CommandOutcome): JsonObject {
  if (Object.keys(figures).length > 0) return figures
  const isPassed = result !== 'fail'
  return { checks_passed: isPassed ? 1 : 0, checks_failed: isPassed ? 0 : 1 }
}

function totalFigures(outcomes: readonly TestOutcome[]): JsonObject {
  const commands = outcomes.filter((one) => one.kind === 'command')
  const own = outcomes.filter((one) => one.kind === 'checks' || one.kind === 'load')
  const ofOwn = own.length > 0 || commands.length === 0 ? [figuresOfOwn(own)] : []
  return combineResults([...ofOwn, ...commands.map(figuresOfCommand)])
}

function figuresOfOwn(outcomes: readonly (ChecksOutcome | LoadOutcome)[]): JsonObject {
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
