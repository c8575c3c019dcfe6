import { z } from 'zod'
import { Evaluation } from '../evaluation.ts'
import { NumberPage, TolerantPaging } from './paging.ts'

/** An evaluation in a list: its numbers without the criteria. */
export const ListedEvaluation = z.object({
  triggeredId: z.string(),
  /** Of `evaluation.finished`; what `comparedEvents` of later ones name. */
  eventId: z.string(),
  context: z.string(),
  project: z.string(),
  stage: z.string(),
  service: z.string(),
  at: z.string(),
  source: z.string(),
  by: z.string(),
  status: z.string(),
  result: z.string(),
  message: z.string(),
  /** Left out when nothing was evaluated. */
  summary: z
    .object({
      timeStart: z.string(),
      timeEnd: z.string(),
      result: z.string(),
      score: z.number(),
      indicatorResults: z.array(
        z.object({
          displayName: z.string(),
          status: z.string(),
          score: z.number(),
          keySli: z.boolean(),
          value: z
            .object({ metric: z.string(), value: z.number(), success: z.boolean() })
            .nullable(),
        }),
      ),
    })
    .optional(),
  invalidated: z.object({ by: z.string(), at: z.string() }).optional(),
})
export type ListedEvaluation = z.infer<typeof ListedEvaluation>

/** One evaluation as it was told. */
export const StoredEvaluation = ListedEvaluation.extend({
  /** The object of `evaluation.finished`; left out when nothing was evaluated. */
  evaluation: Evaluation.optional(),
  /** The report as data, when one was stored with it. */
  explanation: z.record(z.string(), z.unknown()).optional(),
})
export type StoredEvaluation = z.infer<typeof StoredEvaluation>

export const EvaluationQuery = TolerantPaging.extend({
  project: z.string({ error: 'is missing' }).min(1, { error: 'is empty' }),
  stage: z.string().optional(),
  service: z.string().optional(),
})
export const EvaluationPage = NumberPage.extend({ evaluations: z.array(ListedEvaluation) })
