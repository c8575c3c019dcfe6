import { isJsonObject } from '@tiphys/contract/json.ts'
import { z } from 'zod'
import { checked, createJsonReader } from './json-file.ts'
import { failedNames, type ResultsReader, rounded } from './results-reader.ts'

const count = z.int().nonnegative()

const Report = z.looseObject({
  stats: z.looseObject({
    expected: count,
    unexpected: count,
    flaky: count,
    skipped: count,
    duration: z.number().nonnegative().optional(),
  }),
  suites: z.array(z.unknown()).optional(),
  errors: z.array(z.unknown()).optional(),
})

/** Suites are files, describe blocks and describe blocks in them. */
const MAX_DEPTH = 50

/**
 * `npx playwright test --reporter=json` (https://playwright.dev/docs/test-reporters#json-reporter). A test that passed when it was tried
 * again is `flaky`: it passed, and is counted. What broke outside of any test (a file that does not compile) is an error.
 */
export function createPlaywrightReader(file: string): ResultsReader {
  return createJsonReader(file, (value, text) => {
    const { stats, suites = [], errors = [] } = checked(Report, value, text, 'Playwright report')
    const passed = stats.expected + stats.flaky
    const failed = stats.unexpected
    const ran = passed + failed
    const playwright = {
      tests: ran + stats.skipped,
      passed,
      failed,
      errors: errors.length,
      flaky: stats.flaky,
      skipped: stats.skipped,
      ...(stats.duration === undefined ? {} : { duration_ms: rounded(stats.duration) }),
      ...(ran === 0 ? {} : { pass_rate: rounded((passed / ran) * 100) }),
    }
    const checks = { checks_passed: passed, checks_failed: failed + errors.length }
    return { results: { ...checks, playwright }, failed: namesOfFailed(suites) }
  })
}

function namesOfFailed(suites: readonly unknown[]): readonly string[] {
  const failed = failedNames()
  function walk(suite: unknown, above: readonly string[], depth: number): void {
    if (depth > MAX_DEPTH || !isJsonObject(suite)) return
    const titles = typeof suite['title'] === 'string' ? [...above, suite['title']] : above
    for (const spec of listOf(suite['specs'])) {
      if (isJsonObject(spec) && spec['ok'] === false)
        failed.add([...titles, String(spec['title'])].join(' › '))
    }
    for (const inner of listOf(suite['suites'])) walk(inner, titles, depth + 1)
  }
  for (const suite of suites) walk(suite, [], 0)
  return failed.list()
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
