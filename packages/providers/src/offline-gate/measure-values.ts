import type { IndicatorValue } from '@tiphys/contract/evaluation.ts'
import { type SliDetail, toIndicatorValue } from '@tiphys/core/evaluation/sli-value.ts'
import { TEST_RESULTS_PROVIDER } from '@tiphys/core/evaluation/test-results-value.ts'
import { createProvider } from '../connections/create-provider.ts'
import type { GateInput } from '../offline-gate-input.ts'
import { fetchValues, nobodyAsked, type ProviderQuestions } from '../sli/fetch-values.ts'
import type { ProviderPower } from '../sli/http-sli.ts'
import { createTestResultsProvider } from '../sli/test-results-provider.ts'

export type MeasuredValues = {
  readonly values: readonly IndicatorValue[]
  readonly details: Readonly<Record<string, SliDetail>>
}

/** Values from the file, or asked now. */
export async function measureValues(
  { measure }: GateInput,
  power: ProviderPower & { readonly signal?: AbortSignal },
): Promise<MeasuredValues> {
  if (measure.from === 'file') return { values: measure.values, details: {} }
  const { window, scope, providers, queries } = measure
  const questions = [...new Set(providers.values())].flatMap((name): ProviderQuestions[] => {
    const provider = name === null ? undefined : providerOf(name, measure, power)
    if (name === null || provider === undefined) return []
    const indicators = [...providers].flatMap(([indicator, owner]) =>
      owner === name ? [indicator] : [],
    )
    return [{ provider, indicators, queries: queries[name] ?? {} }]
  })
  const common = { window, scope, ...(power.signal && { signal: power.signal }) }
  const answers = await fetchValues(questions, common)
  const values = [...providers.keys()].map(
    (indicator) => answers.get(indicator) ?? nobodyAsked(indicator, Object.keys(queries)),
  )
  return {
    values: values.map(toIndicatorValue),
    details: Object.fromEntries(values.map((value) => [value.metric, value.detail])),
  }
}

function providerOf(
  name: string,
  measure: Extract<GateInput['measure'], { from: 'providers' }>,
  power: ProviderPower,
) {
  if (name === TEST_RESULTS_PROVIDER) return createTestResultsProvider(measure.testResults)
  const connection = measure.connections.get(name)
  return connection === undefined ? undefined : createProvider(connection, power)
}
