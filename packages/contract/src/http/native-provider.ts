import { z } from 'zod'
import { SeriesAggregate } from '../sli.ts'

/** A connection of the operator's settings, without anything secret. */
export const ProviderConnection = z.object({
  /** The folder of its sli.yaml. */
  name: z.string(),
  kind: z.string(),
  /** Host and port of its URL, where the settings name one. */
  host: z.string().optional(),
  /** Left out: every project without one of its own under this name. */
  projects: z.array(z.string()).optional(),
})
export type ProviderConnection = z.infer<typeof ProviderConnection>

export const ProviderList = z.object({ providers: z.array(ProviderConnection) })

const MAX_QUERY = 16_384
const MAX_NAME = 200

/** One question to a provider, outside of any run. */
export const TrySliBody = z.strictObject({
  project: z.string().min(1),
  stage: z.string().min(1),
  service: z.string().min(1),
  /** With `query` only a name; without it, one of the project's sli.yaml files. */
  indicator: z.string().min(1).max(MAX_NAME).optional(),
  /** Needed with `query`. Without it: as an evaluation would choose. */
  provider: z.string().min(1).max(MAX_NAME).optional(),
  /** As in sli.yaml, placeholders too. */
  query: z.string().min(1).max(MAX_QUERY).optional(),
  unit: z.string().max(MAX_NAME).optional(),
  aggregate: SeriesAggregate.optional(),
  scale: z.number().optional(),
  /** What only the provider knows. */
  with: z.record(z.string(), z.json()).optional(),
  /** As in `evaluation.triggered`; without any the last five minutes. */
  start: z.string().optional(),
  end: z.string().optional(),
  timeframe: z.string().optional(),
  /** For `$LABEL.…`. */
  labels: z.record(z.string(), z.string()).optional(),
})
export type TrySliBody = z.infer<typeof TrySliBody>

export const TriedSli = z.object({
  indicator: z.string(),
  provider: z.string(),
  window: z.object({ start: z.string(), end: z.string() }),
  success: z.boolean(),
  /** null unless `success`. */
  value: z.number().nullable(),
  unit: z.string().optional(),
  /** Why there is no value. */
  message: z.string().optional(),
  /** The code of the reason. */
  problem: z.string().optional(),
  /** As sent, with everything filled in. */
  query: z.string().optional(),
  /** Where a person can look at the same numbers. */
  link: z.string().optional(),
  /** What the provider had to say about its own answer. */
  remarks: z.array(z.string()),
  /** Where more than one number was read: how many, and what was made of them. */
  series: z.object({ points: z.number(), of: z.string() }).optional(),
  durationMs: z.number(),
})
export type TriedSli = z.infer<typeof TriedSli>
