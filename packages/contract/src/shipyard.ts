import { z } from 'zod'

/** shipyard.yaml, apiVersion spec.keptn.sh/0.2.x (facts/keptn-v1.md 1.1). Read with `unknownKeys: 'warn'`: Keptn took anything. */
const MAX_CONDITION_CHARACTERS = 1_000

/** YAML reads `name: 1` as a number; Keptn took its text. */
const Name = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.string().min(1),
)

export const Selector = z.strictObject({
  match: z.record(z.string(), z.coerce.string()).nullish(),
})

/** One more end that a join waits for. */
export const JoinedEvent = z.strictObject({
  event: z.string(),
  selector: Selector.nullish(),
})

export const TriggeredOn = z.strictObject({
  event: z.string(),
  selector: Selector.nullish(),
  /** Ours: a join. The sequence starts once all of them and `event` have come in one context (docs/adr/0004). */
  and: z.array(JoinedEvent).min(1).nullish(),
  /** Ours: a Go duration; a join waits that long for the rest. */
  within: z.string().nullish(),
  /** Ours: a Go duration between the end that triggers and the first task; a newer deployment there ends the wait. */
  soak: z.string().nullish(),
})

/** Ours: `retry: 2`, or what is retried and after which pause. */
export const TaskRetry = z.strictObject({
  times: z.int().min(1).max(10),
  /** A Go duration. */
  after: z.string().nullish(),
  on: z
    .array(z.enum(['errored', 'fail']))
    .min(1)
    .nullish(),
})

export const ShipyardTask = z.strictObject({
  name: Name,
  triggeredAfter: z.coerce.string().nullish(),
  properties: z.record(z.string(), z.unknown()).nullish(),
  /** Ours: starts together with the task before it. */
  parallel: z.boolean().nullish(),
  /** Ours: a CEL expression; false leaves the task out. */
  if: z.string().min(1).max(MAX_CONDITION_CHARACTERS).nullish(),
  retry: z.preprocess(
    (value) => (typeof value === 'number' ? { times: value } : value),
    TaskRetry.nullish(),
  ),
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
