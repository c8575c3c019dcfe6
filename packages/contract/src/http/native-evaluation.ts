import { z } from 'zod'
import { Evaluation } from '../evaluation.ts'
import { FileProblem } from './error-body.ts'
import { NumberPage, TolerantPaging } from './paging.ts'

/** Who corrected an evaluation, when and why. */
export const CorrectionView = z.object({
  /** The name of the token. */
  by: z.string(),
  /** Whom its holder named. */
  person: z.string().optional(),
  at: z.string(),
  /** Empty when none was given. */
  reason: z.string(),
})
export type CorrectionView = z.infer<typeof CorrectionView>

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
  /** As the run carried them. */
  labels: z.record(z.string(), z.string()).optional(),
  version: z.string().optional(),
  /** It was taken back: later ones are not compared with it. */
  invalidated: CorrectionView.optional(),
  /** It was taken back once, and counts again. */
  restored: CorrectionView.optional(),
  /** It is the reference of its project, stage and service. */
  pinned: CorrectionView.optional(),
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
const MAX_FILE_NAME_CHARACTERS = 300

/** Another slo.yaml for the values of a stored evaluation. */
export const WhatIfBody = z.strictObject({
  /** The text of the file. */
  slo: z.string({ error: 'is missing: the text of an slo.yaml' }),
  /** How problems call it; `slo.yaml` by default. */
  file: z.string().min(1).max(MAX_FILE_NAME_CHARACTERS).optional(),
  /** `then` (default): the runs it was compared with; `now`: those the file chooses among the earlier ones as they are today. */
  baseline: z.enum(['then', 'now'], { error: 'must be then or now' }).optional(),
})
export type WhatIfBody = z.infer<typeof WhatIfBody>

const VerdictWord = z.enum(['pass', 'warning', 'fail', 'none'])
const ObjectiveState = z.object({
  status: z.string(),
  points: z.number(),
  weight: z.number(),
  reason: z.string(),
})

/** The verdict that the file would have come to. It is stored nowhere. */
export const WhatIf = z.object({
  triggeredId: z.string(),
  baseline: z.enum(['then', 'now']),
  /** What the event would have said. */
  status: z.string(),
  result: z.string(),
  message: z.string(),
  /** Against the stored one. */
  change: z.object({
    sentence: z.string(),
    verdict: z.object({ from: VerdictWord, to: VerdictWord }),
    score: z.object({ from: z.number().nullable(), to: z.number().nullable() }),
    objectives: z.array(
      z.object({
        sli: z.string(),
        name: z.string(),
        change: z.enum(['same', 'changed', 'added', 'removed']),
        from: ObjectiveState.nullable(),
        to: ObjectiveState.nullable(),
        text: z.string(),
      }),
    ),
  }),
  evaluation: Evaluation,
  explanation: z.record(z.string(), z.unknown()),
  /** What is doubtful in the file. */
  warnings: z.array(FileProblem),
})
export type WhatIf = z.infer<typeof WhatIf>

const MAX_REASON_CHARACTERS = 500
const MAX_PERSON_CHARACTERS = 200
const SAY_WHY = { error: 'is missing: say why' }

/** Why an evaluation is invalidated, pinned, or no longer so: the body of a POST, the query of a DELETE. */
export const Correcting = z.strictObject({
  reason: z.string(SAY_WHY).trim().min(1, SAY_WHY).max(MAX_REASON_CHARACTERS),
  /** The person, where a token speaks for several; the token's own name is recorded always. */
  person: z.string().trim().min(1).max(MAX_PERSON_CHARACTERS).optional(),
})
export type Correcting = z.infer<typeof Correcting>

/** The pinned evaluation of a project, stage and service. */
export const EvaluationReference = z.object({
  project: z.string(),
  stage: z.string(),
  service: z.string(),
  triggeredId: z.string(),
  eventId: z.string(),
  pinned: CorrectionView,
  /** Left out when it was deleted. */
  evaluation: ListedEvaluation.optional(),
  /** Why it does not count, in words, so that the newest evaluations are compared with instead; left out when it counts. */
  problem: z.string().optional(),
})
export type EvaluationReference = z.infer<typeof EvaluationReference>
export const EvaluationReferencePage = NumberPage.extend({
  references: z.array(EvaluationReference),
})

export const EvaluationPage = NumberPage.extend({ evaluations: z.array(ListedEvaluation) })
