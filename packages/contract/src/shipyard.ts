import { z } from 'zod'

/** shipyard.yaml, apiVersion spec.keptn.sh/0.2.x (facts/keptn-v1.md 1.1). Read with `unknownKeys: 'warn'`: Keptn took anything. */
/** YAML reads `name: 1` as a number; Keptn took its text. */
const Name = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.string().min(1),
)

export const Selector = z.strictObject({
  match: z.record(z.string(), z.coerce.string()).nullish(),
})

export const TriggeredOn = z.strictObject({
  event: z.string(),
  selector: Selector.nullish(),
})

export const ShipyardTask = z.strictObject({
  name: Name,
  triggeredAfter: z.coerce.string().nullish(),
  properties: z.record(z.string(), z.unknown()).nullish(),
})

export const ShipyardSequence = z.strictObject({
  name: Name,
  triggeredOn: z.array(TriggeredOn).nullish(),
  /** Ours: a Go duration; the sequence ends errored when it is over. */
  timeout: z.string().nullish(),
  tasks: z.array(ShipyardTask).nullish(),
})

export const ShipyardStage = z.strictObject({
  name: Name,
  sequences: z.array(ShipyardSequence).nullish(),
})

export const Shipyard = z.strictObject({
  apiVersion: z.string(),
  kind: z.string().optional(),
  metadata: z.looseObject({ name: z.string().optional() }).nullish(),
  spec: z.strictObject({ stages: z.array(ShipyardStage).min(1) }),
})

export type Shipyard = z.infer<typeof Shipyard>
export type ShipyardStage = z.infer<typeof ShipyardStage>
export type ShipyardSequence = z.infer<typeof ShipyardSequence>
export type ShipyardTask = z.infer<typeof ShipyardTask>
export type TriggeredOn = z.infer<typeof TriggeredOn>

/** Full match, as Keptn checked it at project create. */
export const STAGE_NAME = /^[a-z]([a-z0-9-]*[a-z0-9])?$/
