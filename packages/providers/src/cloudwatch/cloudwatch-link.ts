import { awsConsoleHost } from '../aws/aws-regions.ts'
import type { CloudWatchMetric } from './cloudwatch-options.ts'
import type { CloudWatchSubject } from './cloudwatch-question.ts'
import type { CloudWatchWindow } from './cloudwatch-window.ts'

const MS_PER_SECOND = 1000

/** The console's own graph of the same metrics and times; undefined in regions whose console is not on the internet. */
export function consoleLink(
  region: string,
  subject: CloudWatchSubject,
  window: CloudWatchWindow,
): string | undefined {
  const host = awsConsoleHost(region)
  if (host === undefined) return undefined
  const { startS, endS, periodS } = window
  const graph = {
    view: 'timeSeries',
    stacked: false,
    region,
    start: isoTime(startS),
    end: isoTime(endS),
    period: periodS,
    metrics: metricsOf(subject, periodS),
  }
  const fragment = encodeURIComponent(JSON.stringify(graph))
  return `https://${host}/cloudwatch/deeplink.js?region=${region}#metricsV2:graph=${fragment}`
}

/** As the source of a dashboard's widget writes them ("Dashboard body structure" in the API reference). */
function metricsOf(subject: CloudWatchSubject, periodS: number): readonly unknown[] {
  if (subject.kind === 'metric') return [line(subject.metric, { period: periodS })]
  const named = Object.entries(subject.metrics).map(([id, metric]) =>
    line(metric, { id, visible: false, period: periodS }),
  )
  return [...named, [{ expression: subject.expression, period: periodS }]]
}

function line(metric: CloudWatchMetric, more: Readonly<Record<string, unknown>>): unknown[] {
  const { namespace, statistic, dimensions = {}, account } = metric
  const options = { stat: statistic, ...more, ...(account && { accountId: account }) }
  return [namespace, metric.metric, ...Object.entries(dimensions).flat(), options]
}

function isoTime(seconds: number): string {
  return new Date(seconds * MS_PER_SECOND).toISOString()
}
