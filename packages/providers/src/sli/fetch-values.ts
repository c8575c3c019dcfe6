import { type SliValue, unmeasured } from '@tiphys/core/evaluation/sli-value.ts'
import type { SliQueries } from '@tiphys/core/slo/sli.ts'
import type { SliProvider, SliRequest } from './sli-provider.ts'

/** Questions under way at once to one provider: quick, and no burden for a shared metrics server. */
const MAX_CONCURRENT = 4

/** Whom to ask for what. */
export type ProviderQuestions = {
  readonly provider: SliProvider
  /** Each once. */
  readonly indicators: readonly string[]
  readonly queries: SliQueries
}

/** Asks each provider for its indicators, all providers side by side; by indicator, in any order. */
export async function fetchValues(
  questions: readonly ProviderQuestions[],
  common: Omit<SliRequest, 'indicator' | 'query'>,
): Promise<ReadonlyMap<string, SliValue>> {
  const answers = new Map<string, SliValue>()
  async function askInTurn(
    { provider, queries }: ProviderQuestions,
    waiting: IterableIterator<string>,
  ): Promise<void> {
    for (const indicator of waiting) {
      const found = Object.hasOwn(queries, indicator) ? queries[indicator] : undefined
      const query = found?.query ? found : undefined
      answers.set(indicator, await provider.fetchValue({ ...common, indicator, query }))
    }
  }
  await Promise.all(
    questions.flatMap((asked) => {
      const waiting = asked.indicators.values()
      return Array.from({ length: MAX_CONCURRENT }, () => askInTurn(asked, waiting))
    }),
  )
  return answers
}

/** An indicator that no sli.yaml names, where there is no telling whom to ask. */
export function nobodyAsked(indicator: string, providers: readonly string[]): SliValue {
  const files = providers.map((name) => `${name}/sli.yaml`).join(', ')
  const message = `no sli.yaml names ${indicator} (looked in ${files})`
  return unmeasured(indicator, 'unknown-indicator', message, { provider: '' })
}
