import { z } from 'zod'

/** The body of every answer that is not a success, on Keptn's routes and on ours (facts/keptn-v1.md 2.1). */
export const ErrorBody = z.object({
  /** The HTTP status again. */
  code: z.int(),
  /** One sentence. */
  message: z.string(),
})
export type ErrorBody = z.infer<typeof ErrorBody>

export const FileProblem = z.object({
  severity: z.enum(['error', 'warning', 'info']),
  file: z.string(),
  line: z.int(),
  column: z.int(),
  message: z.string(),
})
export type FileProblem = z.infer<typeof FileProblem>
