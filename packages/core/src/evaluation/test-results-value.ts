import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { RESULT_FORMATS } from '@tiphys/contract/test-result-format.ts'
import {
  BUILT_IN_TEST_INDICATORS,
  type TestFigures,
  type TestResults,
} from '@tiphys/contract/test-results.ts'
import { measured, type SliDetail, type SliValue, unmeasured } from './sli-value.ts'

export const TEST_RESULTS_PROVIDER = 'test-results'

/**
 * Takes an indicator from the results of the tests of this run. `path` comes from `test-results/sli.yaml`: a figure
 * (`response_time_p95`), one of a target (`targets.checkout.error_rate`, `targets["shop.cart"].rps`), or any number that the test tool
 * left there. Without a path the indicator's own name is taken as one; the built-in names need no file.
 */
export function testResultsValue(
  indicator: string,
  path: string | undefined,
  results: TestResults | undefined,
): SliValue {
  const written = path || indicator
  const query = Object.hasOwn(BUILT_IN_TEST_INDICATORS, written)
    ? (BUILT_IN_TEST_INDICATORS[written] ?? written)
    : written
  const detail: SliDetail = { provider: TEST_RESULTS_PROVIDER, query }
  if (results === undefined) {
    const message = 'there are no test results: no test of this run reported any'
    return unmeasured(indicator, 'no-data', message, detail)
  }
  const steps = parsePath(query)
  if (steps === undefined) {
    const message = `${JSON.stringify(query)} is not a path like error_rate or targets.checkout.rps`
    return unmeasured(indicator, 'unknown-indicator', message, detail)
  }
  return pick(indicator, steps, results, detail)
}

function pick(
  indicator: string,
  steps: readonly string[],
  results: TestResults,
  detail: SliDetail,
): SliValue {
  let current: unknown = results
  for (const [index, step] of steps.entries()) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) {
      return missing(indicator, steps, index, current, detail)
    }
    current = (current as Readonly<Record<string, unknown>>)[step]
  }
  if (typeof current !== 'number' || !Number.isFinite(current)) {
    const message = `the test results hold ${describe(current)} at ${steps.join('.')}, not a number`
    return unmeasured(indicator, 'not-a-number', message, detail)
  }
  const unit = unitOf(steps.at(-1) ?? '')
  return measured(indicator, current, unit === undefined ? detail : { ...detail, unit })
}

/** A figure that exists but was not measured is "no data"; a name that nobody knows is a mistake. */
function missing(
  indicator: string,
  steps: readonly string[],
  index: number,
  parent: unknown,
  detail: SliDetail,
): SliValue {
  const step = steps[index] ?? ''
  const isFigure = Object.values(BUILT_IN_TEST_INDICATORS).includes(step)
  if (isFigure && index === steps.length - 1) {
    const message = `the test results have no ${steps.join('.')}: it was not measured`
    return unmeasured(indicator, 'no-data', message, detail)
  }
  if (index === 0 && isResultFormat(step)) {
    const message = `the test results have no ${steps.join('.')}: no test of this run wrote a result file of ${step}`
    return unmeasured(indicator, 'no-data', message, detail)
  }
  const there = namesIn(parent)
  const known = index === 0 ? [...Object.keys(BUILT_IN_TEST_INDICATORS), ...there] : there
  const meant = didYouMean(step, known)
  const hint =
    meant === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean ${meant}?`
  const message = `the test results have no ${steps.slice(0, index + 1).join('.')}; ${hint}`
  return unmeasured(indicator, 'unknown-indicator', message, detail)
}

/** Figures, and what holds some; not the marks that say which run measured them. */
function namesIn(level: unknown): readonly string[] {
  if (typeof level !== 'object' || level === null) return []
  return Object.entries(level).flatMap(([name, value]) => (typeof value === 'string' ? [] : [name]))
}

function isResultFormat(name: string): boolean {
  return RESULT_FORMATS.some((format) => format === name)
}

/** `targets.checkout.rps` and `targets["shop.cart"].rps` as steps; undefined when it is neither. */
function parsePath(path: string): string[] | undefined {
  const step = /\.?([^.[\]"]+)|\["([^"]+)"\]/y
  const steps: string[] = []
  while (step.lastIndex < path.length) {
    const at = step.lastIndex
    const match = step.exec(path)
    const isFirst = at === 0
    if (match === null || (isFirst && path.startsWith('.'))) return undefined
    if (!isFirst && match[1] !== undefined && !match[0].startsWith('.')) return undefined
    steps.push(match[1] ?? match[2] ?? '')
  }
  return steps.length === 0 ? undefined : steps
}

function describe(value: unknown): string {
  if (value === null || Array.isArray(value)) return value === null ? 'null' : 'a list'
  return typeof value === 'object' ? 'an object' : JSON.stringify(value)
}

type FigureName = keyof TestFigures & string

function unitOf(figure: FigureName): string | undefined {
  if (figure.startsWith('response_time_') || figure === 'duration_ms') return 'ms'
  if (figure === 'error_rate' || figure === 'pass_rate') return '%'
  return figure === 'rps' ? '/s' : undefined
}
