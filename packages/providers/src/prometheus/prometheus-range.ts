import { parseDuration } from '@tiphys/contract/duration.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { z } from 'zod'
import { failure, type SliFailure } from '../sli/reading.ts'

const MS_PER_SECOND = 1000
/** About as many points as a person looks at, and no more often than most servers scrape. */
const USUAL_POINTS = 60
const USUAL_STEP_MS = 15_000
/** Prometheus itself refuses more than 11,000. */
const MAX_POINTS = 11_000

const PrometheusOptions = z.strictObject({
  /** Between two points of a range query: `30s`. */
  step: z.string().optional(),
})

/** Seconds between the points of a range query; none: an instant query at the end of the window. */
export type Range = { readonly stepS: number | undefined }

export function rangeOf(
  sli: SliQuery,
  window: { readonly startMs: number; readonly endMs: number },
): Range | SliFailure {
  const options = PrometheusOptions.safeParse(sli.with ?? {})
  if (!options.success) {
    return failure('query-refused', `with: ${options.error.issues[0]?.message}; there is step`)
  }
  const { step } = options.data
  if (step === undefined && sli.aggregate === undefined) return { stepS: undefined }
  const durationMs = window.endMs - window.startMs
  const stepMs =
    step === undefined
      ? Math.max(
          USUAL_STEP_MS,
          Math.ceil(durationMs / USUAL_POINTS / MS_PER_SECOND) * MS_PER_SECOND,
        )
      : parseDuration(step)
  if (stepMs === undefined || stepMs === 0) {
    return failure('query-refused', `with.step ${JSON.stringify(step)} is no duration like 30s`)
  }
  if (durationMs / stepMs > MAX_POINTS) {
    const message = `with.step ${step} makes more than ${MAX_POINTS} points of this window`
    return failure('query-refused', message)
  }
  return { stepS: stepMs / MS_PER_SECOND }
}
