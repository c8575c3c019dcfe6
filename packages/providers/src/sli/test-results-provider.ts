import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { TestResults } from '@tiphys/contract/test-results.ts'
import { unmeasured } from '@tiphys/core/evaluation/sli-value.ts'
import {
  TEST_RESULTS_PROVIDER,
  testResultsValue,
} from '@tiphys/core/evaluation/test-results-value.ts'
import { ownResults } from '@tiphys/core/load/own-results.ts'
import type { SliProvider } from './sli-provider.ts'

/**
 * Indicators from `data.test.results` of the run's own tests: a gate without any metrics server. `undefined`: no test reported any. Results
 * that name another run than `runId` travelled here from an earlier stage, or came with the event, and count for nothing.
 */
export function createTestResultsProvider(wire: unknown, runId?: string): SliProvider {
  const own = isJsonObject(wire) ? (isOf(wire, runId) ? ownResults(wire) : undefined) : wire
  const parsed = own === undefined ? undefined : TestResults.safeParse(own)
  const results = parsed?.success === true ? parsed.data : undefined
  const issue = parsed?.error?.issues[0]
  return {
    name: TEST_RESULTS_PROVIDER,
    fetchValue({ indicator, query }) {
      if (issue === undefined)
        return Promise.resolve(testResultsValue(indicator, query?.query, results))
      const place = issue.path.map(String).join('.') || 'data.test.results'
      const message = `the test results are malformed at ${place}: ${issue.message}`
      const detail = { provider: TEST_RESULTS_PROVIDER }
      return Promise.resolve(unmeasured(indicator, 'provider-failed', message, detail))
    },
  }
}

/** A test service of somebody else's names no run; it is taken at its word. */
function isOf(results: JsonObject, runId: string | undefined): boolean {
  const { run } = results
  return runId === undefined || typeof run !== 'string' || run === runId
}
