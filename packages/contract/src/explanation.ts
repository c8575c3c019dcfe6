import { z } from 'zod'
import { IndicatorStatus } from './evaluation.ts'

/**
 * The report of an evaluation as it is stored in `evaluation.finished` (`data.explanation`), of every version there was. What a version did not
 * have is optional here; core fills it in (`core/explanation/complete-explanation.ts`). Events can be sent by anybody, so nothing
 * about it is taken for granted.
 */

const text = z.string()
const nullableText = z.string().nullable()
const number = z.number()

const StoredRun = z.object({
  id: text,
  result: text,
  // All since 2.
  triggeredId: nullableText.optional(),
  context: nullableText.optional(),
  timeMs: number.nullable().optional(),
  version: nullableText.optional(),
})

const StoredCriterion = z.object({
  criterion: text,
  satisfied: z.boolean(),
  target: number.nullable(),
  arithmetic: text,
  limit: text,
})
const StoredSets = z.array(z.object({ satisfied: z.boolean(), criteria: z.array(StoredCriterion) }))

const StoredMeasurement = z.union([
  z.object({ kind: z.literal('measured'), value: number, text }),
  z.object({
    kind: z.enum(['no-data', 'bad-value', 'provider-error', 'missing']),
    problem: nullableText,
    message: text,
  }),
])

const StoredBound = z.object({ limit: number, inclusive: z.boolean() })

const StoredObjective = z.object({
  sli: text,
  name: text,
  status: IndicatorStatus,
  keySli: z.boolean(),
  points: number,
  weight: number,
  lostScore: number,
  measurement: StoredMeasurement,
  unit: nullableText,
  pass: StoredSets.nullable(),
  warning: StoredSets.nullable(),
  baseline: z
    .object({
      value: number,
      changePercent: number.nullable(),
      of: text,
      runs: z.array(z.object({ id: text, value: number })),
    })
    .nullable(),
  reason: text,
  provider: nullableText,
  query: nullableText,
  link: nullableText,
  // All since 2.
  judge: text.optional(),
  margin: z
    .object({
      text,
      low: StoredBound.nullable(),
      high: StoredBound.nullable(),
      distance: number.nullable(),
    })
    .nullable()
    .optional(),
  series: z
    .object({ points: z.array(z.tuple([number, number])), of: text })
    .nullable()
    .optional(),
  remarks: z.array(text).optional(),
})

const StoredHistory = z.object({
  compareWith: text,
  includeResultWithScore: text,
  aggregateFunction: text,
  evaluations: z.array(
    StoredRun.extend({
      pinned: z.object({ by: text, reason: text }).nullable().optional(),
    }),
  ),
  // Both since 2.
  leftOut: z.array(StoredRun.extend({ reason: text, text })).optional(),
  notes: z.array(text).optional(),
})

export const StoredExplanation = z.object({
  version: z.union([z.literal(1), z.literal(2)]),
  verdict: z.enum(['pass', 'warning', 'fail', 'none']),
  sentence: text,
  advice: nullableText,
  subject: z.object({
    project: nullableText,
    stage: nullableText,
    service: nullableText,
    version: nullableText,
  }),
  window: z.object({ start: text, end: text, durationMs: number }).nullable(),
  score: z
    .object({
      value: number,
      needed: number,
      warning: number.nullable(),
      points: number,
      maximumPoints: number,
    })
    .nullable(),
  objectives: z.array(StoredObjective),
  baseline: StoredHistory.nullable(),
  counterfactual: z
    .object({
      sentence: text,
      score: number,
      changes: z.array(
        z.object({ sli: text, name: text, from: number.nullable(), to: number, text }),
      ),
    })
    .nullable(),
  notes: z.array(text),
  // Both since 2; `causes` follow from the objectives and are computed again.
  providerFailure: nullableText.optional(),
  additionalSlis: z.array(text).optional(),
})
export type StoredExplanation = z.infer<typeof StoredExplanation>
