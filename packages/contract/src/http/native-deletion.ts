import { z } from 'zod'

/** What was deleted with a context. */
export const DeletedContext = z.object({
  context: z.string(),
  project: z.string(),
  runs: z.int(),
  /** Events in the log. */
  rows: z.int(),
})
export type DeletedContext = z.infer<typeof DeletedContext>
