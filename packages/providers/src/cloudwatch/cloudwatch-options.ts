import { parseDuration } from '@tiphys/contract/duration.ts'
import { z } from 'zod'

const MS_PER_SECOND = 1000
const MINUTE_S = 60
/** Below a minute CloudWatch keeps these ("MetricDataQuery" in its API reference). */
const SHORT_PERIODS_S: ReadonlySet<number> = new Set([1, 5, 10, 20, 30])

const Account = z.string().regex(/^\d{12}$/, { error: 'expected an account of 12 digits' })

const METRIC = {
  namespace: z.string().min(1),
  metric: z.string().min(1),
  /** `Average`, `Sum`, `p95`, `TM(10%:90%)`. */
  statistic: z.string().min(1),
  dimensions: z.record(z.string(), z.string()).optional(),
  /** Only what was reported in this unit counts: `Milliseconds`. */
  unit: z.string().optional(),
  /** Whose metric it is, where this account may look into others. */
  account: Account.optional(),
} as const

const CloudWatchMetric = z.strictObject(METRIC)
export type CloudWatchMetric = z.infer<typeof CloudWatchMetric>

const Period = z
  .string()
  .refine(isPeriod, 'expected a duration of whole minutes, or 1s, 5s, 10s, 20s or 30s')

function isPeriod(text: string): boolean {
  const seconds = periodSeconds(text)
  return SHORT_PERIODS_S.has(seconds) || (seconds > 0 && seconds % MINUTE_S === 0)
}

/** NaN for a text that is no duration. */
export function periodSeconds(text: string): number {
  return (parseDuration(text) ?? Number.NaN) / MS_PER_SECOND
}

/**
 * `with:` of an indicator in `cloudwatch/sli.yaml`: one metric; or metrics by the names that the query, an expression, calls them; or
 * nothing but the period, for an expression that needs none of them.
 */
export const CloudWatchOptions = z
  .strictObject({
    ...z.strictObject(METRIC).partial().shape,
    metrics: z
      .record(
        z.string().regex(/^[a-z]\w*$/, { error: 'expected a name like m1' }),
        CloudWatchMetric,
      )
      .optional(),
    period: Period.optional(),
  })
  .superRefine((options, context) => {
    const own = ['namespace', 'metric', 'statistic'] as const
    const given = own.filter((name) => options[name] !== undefined)
    const missing = own.find((name) => options[name] === undefined)
    if (options.metrics !== undefined && given.length > 0) {
      const message = `${given[0]} and metrics exclude each other: one metric, or several and an expression`
      context.addIssue({ code: 'custom', message })
    } else if (given.length > 0 && missing !== undefined) {
      const message = `${missing} is missing beside ${given[0]}`
      context.addIssue({ code: 'custom', message })
    }
  })
export type CloudWatchOptions = z.infer<typeof CloudWatchOptions>

/** The one metric, where that is what the options name. */
export function singleMetric(options: CloudWatchOptions): CloudWatchMetric | undefined {
  const { namespace, metric, statistic, dimensions, unit, account } = options
  if (namespace === undefined || metric === undefined || statistic === undefined) return undefined
  return {
    namespace,
    metric,
    statistic,
    ...(dimensions && { dimensions }),
    ...(unit && { unit }),
    ...(account && { account }),
  }
}
