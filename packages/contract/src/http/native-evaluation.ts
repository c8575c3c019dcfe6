import { z } from 'zod'
import { Evaluation } from '../evaluation.ts'
import { NumberPage, TolerantPaging } from './paging.ts'

/** One evaluation as it was told. */
export const StoredEvaluation = z.object({
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
  /** The object of `evaluation.finished`; left out when nothing was evaluated. */
  evaluation: Evaluation.optional(),
  /** The report as data, when one was stored with it. */
  explanation: z.record(z.string(), z.unknown()).optional(),
  invalidated: z.object({ by: z.string(), at: z.string() }).optional(),
})
export type StoredEvaluation = z.infer<typeof StoredEvaluation>

export const EvaluationQuery = TolerantPaging.extend({
  project: z.string({ error: 'is missing' }).min(1, { error: 'is empty' }),
  stage: z.string().optional(),
  service: z.string().optional(),
})
export const EvaluationPage = NumberPage.extend({ evaluations: z.array(StoredEvaluation) })
