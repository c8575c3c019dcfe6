import { z } from 'zod'

/**
 * slo.yaml, spec_version 0.1.1 and 1.0 (facts/keptn-v1.md 3.1), as it is written. Read with `unknownKeys: 'warn'`: what Keptn
 * took, we take. Defaults are core's business (`core/slo/slo.ts`); indexes here are those of the file, so that a finding
 * can be pointed at: null objectives stay in their place until then.
 */

/** Keptn's YAML reader takes any scalar where text is meant: `pass: 90`, `- 0`. */
export const Text = z
  .union([z.string(), z.number(), z.boolean()], { error: 'expected a text' })
  .transform(String)

/** Keptn's YAML reader knows the truth values of YAML 1.1 where a boolean is meant. */
export const Truth = z.union(
  [
    z.boolean(),
    z.enum(['y', 'Y', 'yes', 'on']).transform(() => true),
    z.enum(['n', 'N', 'no', 'off']).transform(() => false),
  ],
  { error: 'expected true or false' },
)

/** All criteria of one set must hold; one set that holds is enough. */
export const SloCriteria = z.strictObject({
  criteria: z.array(Text).nullish(),
})

export const SloObjectiveFile = z.strictObject({
  sli: Text.nullish(),
  displayName: Text.nullish(),
  pass: z.array(SloCriteria.nullable()).nullish(),
  warning: z.array(SloCriteria.nullable()).nullish(),
  /** Missing: 1. 0: shown, not scored. */
  weight: z.number().int().nonnegative().nullish(),
  key_sli: Truth.nullish(),
})

export const SloComparisonFile = z.strictObject({
  /** `single_result`, `several_results`; anything else looks back three evaluations. */
  compare_with: Text.nullish(),
  /** `all`, `pass`, `pass_or_warn`; anything else counts as `all`. */
  include_result_with_score: Text.nullish(),
  number_of_comparison_results: z.number().int().nonnegative().nullish(),
  /** `avg`, `p50`, `p90`, `p95`, `p99`. */
  aggregate_function: Text.nullish(),
  /** Ours, unknown to Keptn: only earlier evaluations with exactly these labels are compared with. */
  labels: z.record(z.string().min(1, { error: 'is empty' }), Text).nullish(),
  /** Ours: only those whose labels of these names have the same value as this run's; one that neither has is the same. */
  same_labels: z.array(z.string().min(1, { error: 'is empty' })).nullish(),
})

export const SloTotalScoreFile = z.strictObject({
  /** Percent, the sign is optional. */
  pass: Text.nullish(),
  warning: Text.nullish(),
})

export const SloFile = z.strictObject({
  spec_version: Text.nullish(),
  filter: z.record(z.string(), Text.nullable()).nullish(),
  comparison: SloComparisonFile.nullish(),
  objectives: z.array(SloObjectiveFile.nullable()).nullish(),
  total_score: SloTotalScoreFile.nullish(),
})

export type SloFile = z.infer<typeof SloFile>
export type SloObjectiveFile = z.infer<typeof SloObjectiveFile>
export type SloCriteria = z.infer<typeof SloCriteria>

export const SLO_URI = 'slo.yaml'
