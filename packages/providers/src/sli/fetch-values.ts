import type { SliValue } from '@tiphys/core/evaluation/sli-value.ts'
import type { SliQueries } from '@tiphys/core/slo/sli.ts'
import type { SliProvider, SliRequest } from './sli-provider.ts'

/** Questions under way at once: quick, and no burden for a shared metrics server. */
const MAX_CONCURRENT = 4

/** Asks a provider for each indicator once, in any order; answers in the order of the indicators. */
export async function fetchValues(
  provider: SliProvider,
  indicators: readonly string[],
  queries: SliQueries,
  common: Omit<SliRequest, 'indicator' | 'query'>,
): Promise<readonly SliValue[]> {
  const names = [...new Set(indicators)]
  const answers = new Map<string, SliValue>()
  const waiting = names.values()
  async function askInTurn(): Promise<void> {
    for (const indicator of waiting) {
      const query = Object.hasOwn(queries, indicator) ? queries[indicator] : undefined
      answers.set(
        indicator,
        await provider.fetchValue({ ...common, indicator, query: query || undefined }),
      )
    }
  }
  await Promise.all(Array.from({ length: MAX_CONCURRENT }, askInTurn))
  return names.flatMap((name) => answers.get(name) ?? [])
}
