import { z } from 'zod'
import { Text } from './slo.ts'

/**
 * `<provider>/sli.yaml` (facts/keptn-v1.md 3.1): which query stands for an indicator. Project, stage and service files are merged
 * per name, the more special one wins (`core/slo/sli.ts`). Read with `unknownKeys: 'warn'`.
 */
export const SliFile = z.strictObject({
  spec_version: Text.nullish(),
  indicators: z.record(z.string(), Text.nullable()).nullish(),
})
export type SliFile = z.infer<typeof SliFile>

/** `prometheus/sli.yaml`: where the queries of a provider stand. */
export function sliUri(provider: string): string {
  return `${provider}/sli.yaml`
}
