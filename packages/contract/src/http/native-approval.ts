import { z } from 'zod'

/** An approval that waits for a person. */
export const Approval = z.object({
  /** What an answer names. */
  triggeredId: z.string(),
  context: z.string(),
  runId: z.string(),
  project: z.string(),
  stage: z.string(),
  service: z.string(),
  sequence: z.string(),
  /** What the tasks before came to. */
  result: z.string().optional(),
  evaluation: z.object({ result: z.string(), score: z.number() }).optional(),
  image: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  since: z.string(),
  /** When it is given up. */
  until: z.string(),
})
export type Approval = z.infer<typeof Approval>

export const ApprovalList = z.object({ approvals: z.array(Approval) })

export const DecideApprovalBody = z.object({
  decision: z.enum(['pass', 'fail'], { error: 'must be pass or fail' }),
  comment: z.string().max(4000).optional(),
  /** The person, where a token speaks for several; the token's own name is recorded always. */
  person: z.string().max(200).optional(),
})
export type DecideApprovalBody = z.infer<typeof DecideApprovalBody>

/** The outcome of any task, reported in one call: started and finished together. */
export const TaskResultBody = z.object({
  result: z.enum(['pass', 'warning', 'fail'], { error: 'must be one of pass, warning, fail' }),
  status: z
    .enum(['succeeded', 'errored', 'unknown', 'aborted'], {
      error: 'must be one of succeeded, errored, unknown, aborted',
    })
    .optional(),
  message: z.string().optional(),
  /** `source` of the events. */
  source: z.string().min(1).optional(),
  /** Laid beside project, stage and service: `{ "deployment": { … } }`. */
  data: z.record(z.string(), z.unknown()).optional(),
})
export type TaskResultBody = z.infer<typeof TaskResultBody>

export const TaskResultAccepted = z.object({
  keptnContext: z.string(),
  /** Id of the `.finished` event; empty when the report was a repeat. */
  eventId: z.string(),
})
