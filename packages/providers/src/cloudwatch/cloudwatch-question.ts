import type { SeriesAggregate } from '@tiphys/contract/sli.ts'
import type { CloudWatchMetric } from './cloudwatch-options.ts'
import type { CloudWatchWindow } from './cloudwatch-window.ts'

/** What is asked: one metric, or an expression with the metrics that it names. */
export type CloudWatchSubject =
  | { readonly kind: 'metric'; readonly metric: CloudWatchMetric }
  | {
      readonly kind: 'expression'
      readonly expression: string
      readonly metrics: Readonly<Record<string, CloudWatchMetric>>
    }

/** Ids begin with a lower case letter; ours is not one that people give. */
const ID = 'tiphys_value'

/** Input of GetMetricData. */
export function metricDataInput(
  subject: CloudWatchSubject,
  { startS, endS, periodS }: CloudWatchWindow,
): Readonly<Record<string, unknown>> {
  const queries =
    subject.kind === 'metric'
      ? [metricQuery(ID, subject.metric, periodS)]
      : [
          ...Object.entries(subject.metrics).map(([id, metric]) => ({
            ...metricQuery(id, metric, periodS),
            ReturnData: false,
          })),
          { Id: ID, Expression: subject.expression, Period: periodS },
        ]
  return {
    MetricDataQueries: queries,
    StartTime: startS,
    EndTime: endS,
    ScanBy: 'TimestampAscending',
  }
}

function metricQuery(id: string, metric: CloudWatchMetric, periodS: number) {
  const { namespace, dimensions = {}, statistic, unit, account } = metric
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }))
  return {
    Id: id,
    MetricStat: {
      Metric: { Namespace: namespace, MetricName: metric.metric, Dimensions },
      Period: periodS,
      Stat: statistic,
      ...(unit === undefined ? {} : { Unit: unit }),
    },
    ...(account === undefined ? {} : { AccountId: account }),
  }
}

/** As a person reads it. */
export function shownSubject(subject: CloudWatchSubject): string {
  if (subject.kind === 'metric') return shownMetric(subject.metric)
  const metrics = Object.entries(subject.metrics).map(([id, one]) => `${id} = ${shownMetric(one)}`)
  return [subject.expression, ...metrics].join('; ')
}

function shownMetric({ namespace, metric, statistic, dimensions = {} }: CloudWatchMetric): string {
  const pairs = Object.entries(dimensions).map(([name, value]) => `${name}=${value}`)
  const of = pairs.length === 0 ? '' : ` {${pairs.join(', ')}}`
  return `${statistic} of ${namespace} ${metric}${of}`
}

const USUAL: Readonly<Record<string, SeriesAggregate>> = {
  sum: 'sum',
  samplecount: 'sum',
  n: 'sum',
  minimum: 'min',
  min: 'min',
  maximum: 'max',
  max: 'max',
}

/** How several periods of a statistic become one value: sums are added, the largest of maxima counts. */
export function usualAggregate(subject: CloudWatchSubject): SeriesAggregate {
  if (subject.kind === 'expression') return 'avg'
  return USUAL[subject.metric.statistic.toLowerCase()] ?? 'avg'
}

const UNITS: Readonly<Record<string, string>> = {
  Seconds: 's',
  Microseconds: 'µs',
  Milliseconds: 'ms',
  Percent: '%',
  Bytes: 'B',
  'Bytes/Second': 'B/s',
  'Count/Second': '/s',
}

/** The unit that was asked for, in short; GetMetricData does not answer with one. */
export function unitOf(subject: CloudWatchSubject): string | undefined {
  if (subject.kind === 'expression' || subject.metric.unit === undefined) return undefined
  return UNITS[subject.metric.unit]
}
