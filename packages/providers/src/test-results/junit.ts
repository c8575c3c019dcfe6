import type { TestResults } from '@tiphys/contract/test-results.ts'
import {
  failedNames,
  keyOf,
  MAX_NAMED,
  ResultsFault,
  type ResultsReader,
  readerOf,
  rounded,
} from './results-reader.ts'
import { createXmlScan, type XmlElement, type XmlPlace } from './xml-scan.ts'

/** A report of a hundred thousand test cases has half of it. */
const MAX_CHARACTERS = 64_000_000
const MS_PER_S = 1_000

type Counts = {
  passed: number
  failed: number
  errors: number
  skipped: number
  flaky: number
  durationMs: number
}

type OpenCase = { readonly name: string; outcome: 'passed' | 'failed' | 'errors' | 'skipped' } & {
  isFlaky: boolean
  readonly durationMs: number
}

/**
 * JUnit XML as Maven Surefire, Gradle, pytest, Jest, Playwright, newman and node write it. There is no standard: what counts is each
 * `testcase` with its `failure`, `error` or `skipped`, never the sums that a tool wrote into attributes, which some leave out or
 * get wrong. A case that failed and passed when it was run again (`flakyFailure`, `flakyError`) passed, and is counted as flaky.
 */
export function createJunitReader(file: string): ResultsReader {
  const total = newCounts()
  const suites = new Map<string, Counts>()
  const failed = failedNames()
  const openSuites: string[] = []
  let suiteCount = 0
  let open: OpenCase | undefined

  function openElement(element: XmlElement, depth: number, place: XmlPlace): void {
    const { name, attributes } = element
    if (depth === 0 && name !== 'testsuites' && name !== 'testsuite') {
      throw new ResultsFault(
        `is no JUnit report: expected testsuites or testsuite, found ${keyOf(name)}`,
        place,
      )
    }
    if (name === 'testsuite') {
      suiteCount += 1
      openSuites.push(attributes['name'] ?? '')
    } else if (name === 'testcase') {
      if (open !== undefined) throw new ResultsFault('has a testcase in a testcase', place)
      open = caseOf(element, place)
    } else if (open !== undefined) mark(open, name)
  }

  function closeElement(name: string): void {
    if (name === 'testsuite') openSuites.pop()
    if (name !== 'testcase' || open === undefined) return
    for (const counts of [total, suiteCounts()]) if (counts !== undefined) add(counts, open)
    if (open.outcome === 'failed' || open.outcome === 'errors') failed.add(open.name)
    open = undefined
  }

  /** Of the outermost suite that has a name; none has figures of its own where there are too many. */
  function suiteCounts(): Counts | undefined {
    const name = openSuites.find((one) => one !== '')
    if (name === undefined) return undefined
    const suite = keyOf(name)
    if (!suites.has(suite) && suites.size < MAX_NAMED) suites.set(suite, newCounts())
    return suites.get(suite)
  }

  const scan = createXmlScan({ open: openElement, close: closeElement })
  return readerOf(file, MAX_CHARACTERS, {
    take: scan.write,
    finish: () => {
      scan.end()
      return { results: junitResults(total, suites, suiteCount), failed: failed.list() }
    },
  })
}

function caseOf({ attributes }: XmlElement, place: XmlPlace): OpenCase {
  const { name, classname, time } = attributes
  const seconds = time === undefined || time === '' ? 0 : Number(time.replaceAll(',', ''))
  if (!Number.isFinite(seconds)) {
    const found = JSON.stringify(time?.slice(0, 40))
    throw new ResultsFault(`the time of a testcase is ${found}: expected seconds`, place)
  }
  const shown = [classname, name].filter((part) => part !== undefined && part !== '').join(' › ')
  // A clock that was set back during a test makes negative times.
  const durationMs = Math.max(0, seconds) * MS_PER_S
  return { name: shown || 'unnamed', outcome: 'passed', isFlaky: false, durationMs }
}

function mark(open: OpenCase, element: string): void {
  if (element === 'failure') open.outcome = 'failed'
  else if (element === 'error') open.outcome = 'errors'
  else if (element === 'skipped' && open.outcome === 'passed') open.outcome = 'skipped'
  else if (element === 'flakyFailure' || element === 'flakyError') open.isFlaky = true
}

function newCounts(): Counts {
  return { passed: 0, failed: 0, errors: 0, skipped: 0, flaky: 0, durationMs: 0 }
}

function add(counts: Counts, { outcome, isFlaky, durationMs }: OpenCase): void {
  counts[outcome] += 1
  counts.durationMs += durationMs
  if (isFlaky && outcome === 'passed') counts.flaky += 1
}

function junitResults(
  total: Counts,
  suites: ReadonlyMap<string, Counts>,
  suiteCount: number,
): TestResults {
  const targets = [...suites].map(([name, counts]) => [name, checksOf(counts)] as const)
  const { passed, failed, errors, skipped, flaky, durationMs } = total
  const ran = passed + failed + errors
  return {
    ...checksOf(total),
    junit: {
      tests: ran + skipped,
      passed,
      failed,
      errors,
      skipped,
      flaky,
      suites: suiteCount,
      duration_ms: rounded(durationMs),
      ...(ran === 0 ? {} : { pass_rate: rounded((passed / ran) * 100) }),
    },
    // One suite would say the same twice.
    ...(targets.length > 1 ? { targets: Object.fromEntries(targets) } : {}),
  }
}

function checksOf({ passed, failed, errors }: Counts) {
  return { checks_passed: passed, checks_failed: failed + errors }
}
