import { parseDuration } from '@tiphys/contract/duration.ts'
import type { SeriesAggregate } from '@tiphys/contract/sli.ts'
import { z } from 'zod'

/** `Aligner` and `Reducer` of the Monitoring API v3. */
const Aligner = z.enum([
  'ALIGN_DELTA',
  'ALIGN_RATE',
  'ALIGN_INTERPOLATE',
  'ALIGN_NEXT_OLDER',
  'ALIGN_MIN',
  'ALIGN_MAX',
  'ALIGN_MEAN',
  'ALIGN_COUNT',
  'ALIGN_SUM',
  'ALIGN_STDDEV',
  'ALIGN_COUNT_TRUE',
  'ALIGN_COUNT_FALSE',
  'ALIGN_FRACTION_TRUE',
  'ALIGN_PERCENTILE_99',
  'ALIGN_PERCENTILE_95',
  'ALIGN_PERCENTILE_50',
  'ALIGN_PERCENTILE_05',
  'ALIGN_PERCENT_CHANGE',
])
type Aligner = z.infer<typeof Aligner>

const Reducer = z.enum([
  'REDUCE_MEAN',
  'REDUCE_MIN',
  'REDUCE_MAX',
  'REDUCE_SUM',
  'REDUCE_STDDEV',
  'REDUCE_COUNT',
  'REDUCE_COUNT_TRUE',
  'REDUCE_COUNT_FALSE',
  'REDUCE_FRACTION_TRUE',
  'REDUCE_PERCENTILE_99',
  'REDUCE_PERCENTILE_95',
  'REDUCE_PERCENTILE_50',
  'REDUCE_PERCENTILE_05',
])

const MS_PER_SECOND = 1000
/** The shortest that the API takes. */
const MIN_PERIOD_S = 60
/** About as many points as a person looks at. */
const USUAL_POINTS = 60
const MAX_POINTS = 10_000

const Period = z
  .string()
  .refine(
    (text) => (parseDuration(text) ?? 0) >= MIN_PERIOD_S * MS_PER_SECOND,
    'expected a duration of at least 1m',
  )

/** `with:` of an indicator that is no PromQL. */
export const TimeSeriesOptions = z.strictObject({
  /** In the language of monitoring filters: `metric.type="…" AND resource.labels.…="…"`. */
  filter: z.string().min(1),
  aligner: Aligner,
  reducer: Reducer.optional(),
  groupBy: z.array(z.string()).optional(),
  /** The whole window unless set, or a sixtieth of it where the points are reduced. */
  alignmentPeriod: Period.optional(),
})
export type TimeSeriesOptions = z.infer<typeof TimeSeriesOptions>

/** Whole seconds; undefined: too many points. */
export function alignmentPeriodSeconds(
  { alignmentPeriod }: TimeSeriesOptions,
  window: { readonly startMs: number; readonly endMs: number },
  isSeries: boolean,
): number | undefined {
  const durationS = (window.endMs - window.startMs) / MS_PER_SECOND
  const given = alignmentPeriod === undefined ? undefined : parseDuration(alignmentPeriod)
  const usualS = isSeries ? durationS / USUAL_POINTS : durationS
  const periodS =
    given === undefined
      ? Math.max(MIN_PERIOD_S, Math.ceil(usualS))
      : Math.round(given / MS_PER_SECOND)
  return durationS / periodS > MAX_POINTS ? undefined : periodS
}

const USUAL: Partial<Record<Aligner, SeriesAggregate>> = {
  ALIGN_DELTA: 'sum',
  ALIGN_SUM: 'sum',
  ALIGN_COUNT: 'sum',
  ALIGN_COUNT_TRUE: 'sum',
  ALIGN_COUNT_FALSE: 'sum',
  ALIGN_MIN: 'min',
  ALIGN_MAX: 'max',
}

/** How several periods become one value: what was counted is added, the largest of maxima counts. */
export function usualAggregate({ aligner }: TimeSeriesOptions): SeriesAggregate {
  return USUAL[aligner] ?? 'avg'
}
