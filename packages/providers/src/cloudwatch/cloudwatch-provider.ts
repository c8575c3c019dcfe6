import type { CloudWatchConnection } from '@tiphys/contract/connections/cloudwatch.ts'
import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import { PLAIN } from '@tiphys/core/evaluation/query-language.ts'
import { awsCredentialSource } from '../aws/aws-credentials.ts'
import { awsEndpoint } from '../aws/aws-regions.ts'
import { awsSignature } from '../aws/aws-signature.ts'
import {
  type Asked,
  createHttpSliProvider,
  type HttpSliAdapter,
  type ProviderPower,
  type SliQuestion,
} from '../sli/http-sli.ts'
import { failure, type SliFailure } from '../sli/reading.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { type Options, readOptions } from '../sli/with-options.ts'
import { joinPages, nextToken, readMetricData } from './cloudwatch-answer.ts'
import { complaintOf, statusOf } from './cloudwatch-error.ts'
import { consoleLink } from './cloudwatch-link.ts'
import { CloudWatchOptions, periodSeconds, singleMetric } from './cloudwatch-options.ts'
import {
  type CloudWatchSubject,
  metricDataInput,
  shownSubject,
  unitOf,
  usualAggregate,
} from './cloudwatch-question.ts'
import { cloudWatchWindow } from './cloudwatch-window.ts'

/** The JSON protocol ("FAQs on CloudWatch supported protocols" in the user guide; targetPrefix in the service's own model). */
const PROTOCOL_HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData',
} as const
const SERVICE = 'monitoring'

/**
 * Amazon CloudWatch: one metric, or an expression of its own (metric math, SEARCH, Metrics Insights). Unless told otherwise the whole
 * window is one period, so that the statistic is that of the window.
 */
export function createCloudWatchProvider(
  connection: {
    readonly name: string
    readonly settings: CloudWatchConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const { settings, tls } = connection
  const { region } = settings
  const nowMs = power.nowMs ?? Date.now
  const url = `${(settings.url ?? awsEndpoint(SERVICE, region)).replace(/\/+$/, '')}/`
  const credentialsOf = awsCredentialSource(
    { ...settings, tls },
    { http: power.http, retry: power.retry, environment: power.environment ?? {}, nowMs },
  )
  const adapter: HttpSliAdapter = {
    title: 'CloudWatch',
    language: PLAIN,
    aggregate: 'avg',
    question: (asked) => question(url, region, asked, nowMs()),
    async credentials({ url: to, method = 'POST', headers = {}, body }, signal) {
      const found = await credentialsOf(signal)
      if (!found.ok) return found
      const request = { url: to, method, headers, body }
      const scope = { service: SERVICE, region }
      return { ok: true, headers: awsSignature(request, scope, found.value, nowMs()) }
    },
    pages: {
      next(page, sent) {
        const NextToken = nextToken(page)
        if (NextToken === undefined) return undefined
        const input = JSON.parse(sent.body ?? '{}') as Record<string, unknown>
        return { ...sent, body: JSON.stringify({ ...input, NextToken }) }
      },
      join: joinPages,
    },
    read: (body, asked) => {
      const subject = subjectOf(asked)
      return 'kind' in subject ? subject : readMetricData(body, usualAggregate(subject.value.what))
    },
    complaint: complaintOf,
    statusOf,
  }
  return createHttpSliProvider(adapter, connection, power)
}

type Wish = { readonly what: CloudWatchSubject; readonly periodS: number | undefined }

function subjectOf(asked: Asked): Options<Wish> {
  const options = readOptions(CloudWatchOptions, asked)
  if ('kind' in options) return options
  const { metrics = {}, period } = options.value
  const metric = singleMetric(options.value)
  const what: CloudWatchSubject =
    metric === undefined
      ? { kind: 'expression', expression: asked.text, metrics }
      : { kind: 'metric', metric }
  const periodS = period === undefined ? undefined : periodSeconds(period)
  return { ok: true, value: { what, periodS } }
}

function question(
  url: string,
  region: string,
  asked: Asked,
  nowMs: number,
): SliQuestion | SliFailure {
  const subject = subjectOf(asked)
  if ('kind' in subject) return subject
  const { what, periodS } = subject.value
  const wish = { periodS, isSeries: asked.sli.aggregate !== undefined }
  const window = cloudWatchWindow(asked.request.window, wish, nowMs)
  if (window === undefined) {
    return failure('query-refused', 'with.period makes more than 10000 points of this window')
  }
  const link = consoleLink(region, what, window)
  const unit = unitOf(what)
  return {
    url,
    method: 'POST',
    headers: PROTOCOL_HEADERS,
    body: JSON.stringify(metricDataInput(what, window)),
    shown: shownSubject(what),
    ...(link === undefined ? {} : { link }),
    ...(unit === undefined ? {} : { unit }),
  }
}
