import { isJsonObject } from '@tiphys/contract/json.ts'
import { TEST_RESULTS_PROVIDER } from '@tiphys/core/evaluation/test-results-value.ts'
import type { SliProvider } from '@tiphys/providers/sli/sli-provider.ts'
import { createTestResultsProvider } from '@tiphys/providers/sli/test-results-provider.ts'
import type { TaskJob } from '../executors/executor.ts'
import type { Store } from '../ports/store.ts'
import { resultsForEvaluation } from './uploaded-results.ts'

/** The provider `test-results` of one evaluation: its run's own tests, and what was uploaded for its context. */
export function createRunResultsProvider(
  store: Pick<Store, 'query'>,
  job: Pick<TaskJob, 'projectId' | 'stage' | 'service' | 'context' | 'runId' | 'data'>,
): SliProvider {
  const { test } = job.data
  const wire = test !== undefined && isJsonObject(test) ? test['results'] : undefined
  let provider: Promise<SliProvider> | undefined
  async function open(): Promise<SliProvider> {
    return createTestResultsProvider(await resultsForEvaluation(store, job, wire), job.runId)
  }
  return {
    name: TEST_RESULTS_PROVIDER,
    async fetchValue(request) {
      provider ??= open()
      return await (await provider).fetchValue(request)
    },
  }
}
