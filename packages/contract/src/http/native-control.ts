import { z } from 'zod'

const MAX_REASON_CHARACTERS = 500

/** Takes up a run that is over (A7). */
export const RerunBody = z.strictObject({
  /** The task to begin with; left out: the one that failed. Tasks that start together with it are repeated too. */
  from: z.string().min(1).optional(),
  /** Also when something else was deployed there since. */
  force: z.boolean().optional(),
})
export const RerunAnswer = z.object({ context: z.string(), runId: z.string() })

/** Lets runs go on in a freeze (A12). */
export const OverrideFreezeBody = z.strictObject({
  reason: z
    .string({ error: 'say why the freeze is overridden' })
    .trim()
    .min(1, { error: 'say why the freeze is overridden' })
    .max(MAX_REASON_CHARACTERS),
  /** Only what the context does in this stage. */
  stage: z.string().min(1).optional(),
})
