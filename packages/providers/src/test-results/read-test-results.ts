import type { ResultFormat } from '@tiphys/contract/test-result-format.ts'
import { createJmeterReader } from './jmeter.ts'
import { createJunitReader } from './junit.ts'
import { createK6Reader } from './k6.ts'
import { createOwnReader } from './own-file.ts'
import { createPlaywrightReader } from './playwright.ts'
import type { ReadResults, ResultsReader } from './results-reader.ts'

const READERS: Readonly<Record<ResultFormat, (file: string) => ResultsReader>> = {
  junit: createJunitReader,
  k6: createK6Reader,
  jmeter: createJmeterReader,
  playwright: createPlaywrightReader,
  tiphys: createOwnReader,
}

/** A reader of one file in pieces; `file` is what sentences call it. */
export function createResultsReader(format: ResultFormat, file: string): ResultsReader {
  return READERS[format](file)
}

/**
 * What a file of a test tool says, as `data.test.results` has it (contract/test-results.ts), or one sentence with its place in the file.
 * The provider `test-results` reads indicators from it: docs/tests.md, "Result files".
 */
export function readTestResults(format: ResultFormat, text: string, file: string): ReadResults {
  const reader = createResultsReader(format, file)
  reader.write(text)
  return reader.end()
}
