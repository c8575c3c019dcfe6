import { z } from 'zod'
import { Text } from './slo.ts'

/** How several values of one window become the one that is judged. */
export const SeriesAggregate = z.enum([
  'avg',
  'min',
  'max',
  'sum',
  'last',
  'count',
  'p50',
  'p90',
  'p95',
  'p99',
])
export type SeriesAggregate = z.infer<typeof SeriesAggregate>

const MAX_UNIT = 20

/** An indicator with more than a query: ours, beside Keptn's plain text. */
export const SliIndicatorObject = z.strictObject({
  query: Text.nullish(),
  /** Shown beside the value: `ms`, `%`, `/s`. */
  unit: z.string().max(MAX_UNIT).nullish(),
  /** Of a series; what is usual for the provider unless set. */
  aggregate: SeriesAggregate.nullish(),
  /** The value is multiplied by it: 1000 makes milliseconds of seconds. */
  scale: z.number().nullish(),
  /** What only this provider knows. */
  with: z.record(z.string(), z.json()).nullish(),
})
export type SliIndicatorObject = z.infer<typeof SliIndicatorObject>

/** Text, or the object; its findings stand at their own places in the file. */
const SliIndicator = z
  .union([Text, z.record(z.string(), z.json())], {
    error: 'expected a query, or a map with query, unit, aggregate, scale and with',
  })
  .transform((value, context): SliIndicatorObject => {
    if (typeof value === 'string') return { query: value }
    const parsed = SliIndicatorObject.safeParse(value)
    if (parsed.success) return parsed.data
    // Findings of the same schema library, with their paths; its types tell raw and finished ones apart.
    context.issues.push(...(parsed.error.issues as unknown as typeof context.issues))
    return z.NEVER
  })
  // For suggestions: the map is read behind the union, where nobody looks.
  .meta({ keys: Object.keys(SliIndicatorObject.shape) })

/**
 * `<provider>/sli.yaml` (facts/keptn-v1.md 3.1): which query stands for an indicator. Project, stage and service files are merged
 * per name, the more special one wins (`core/slo/sli.ts`). Read with `unknownKeys: 'warn'`.
 */
export const SliFile = z.strictObject({
  spec_version: Text.nullish(),
  indicators: z.record(z.string(), SliIndicator.nullable()).nullish(),
})
export type SliFile = z.infer<typeof SliFile>

/** `prometheus/sli.yaml`: where the queries of a provider stand. */
export function sliUri(provider: string): string {
  return `${provider}/sli.yaml`
}
