import { z } from 'zod'
import { ResultFormat } from '../test-result-format.ts'

const MAX_FILES = 50
const MAX_NAME_CHARACTERS = 300

/** Where the results belong: an open test task of the place, or the next evaluation of a context there. */
export const AddTestResultsQuery = z.object({
  project: z.string().min(1),
  stage: z.string().min(1),
  service: z.string().min(1),
  context: z.string().min(1).optional(),
  /** The id of the `test.triggered` event that is answered. */
  task: z.string().min(1).optional(),
})
export type AddTestResultsQuery = z.infer<typeof AddTestResultsQuery>

/** Files of test tools, as they were written. */
export const AddTestResultsBody = z.strictObject({
  /** What they are called among the targets: `targets.<name>.checks_failed`. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, { error: 'expected letters, digits, - and _' })
    .default('uploaded'),
  /** Of the task; by default fail where a check failed, else pass. */
  result: z
    .enum(['pass', 'warning', 'fail'], { error: 'must be one of pass, warning, fail' })
    .optional(),
  files: z
    .array(
      z.strictObject({
        /** What sentences about it call it. */
        name: z.string().min(1).max(MAX_NAME_CHARACTERS),
        format: ResultFormat,
        text: z.string(),
      }),
    )
    .min(1)
    .max(MAX_FILES),
})
export type AddTestResultsBody = z.infer<typeof AddTestResultsBody>

export const TestResultsAdded = z.object({
  /** `task`: it finished a test task. `context`: later evaluations of the context will use it. */
  to: z.enum(['task', 'context']),
  keptnContext: z.string(),
  /** Of the event that carries them. */
  eventId: z.string(),
  result: z.enum(['pass', 'warning', 'fail']),
  /** What evaluations will see, without marks. */
  results: z.record(z.string(), z.unknown()),
})
export type TestResultsAdded = z.infer<typeof TestResultsAdded>
