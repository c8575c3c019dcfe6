import { z } from 'zod'

export const FileProblem = z.object({
  severity: z.enum(['error', 'warning', 'info']),
  file: z.string(),
  line: z.int(),
  column: z.int(),
  message: z.string(),
})
export type FileProblem = z.infer<typeof FileProblem>

/** The body of every answer that is not a success, on Keptn's routes and on ours (facts/keptn-v1.md 2.1). */
export const ErrorBody = z.object({
  /** The HTTP status again. */
  code: z.int(),
  /** One sentence. */
  message: z.string(),
  /** Everything that is wrong with a file, where a file is what was refused. */
  problems: z.array(FileProblem).optional(),
})
export type ErrorBody = z.infer<typeof ErrorBody>
