import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { GoogleCloudMonitoringConnection } from '@tiphys/contract/connections/google-cloud-monitoring.ts'
import { DOUBLE_QUOTED, PLAIN, PROMQL } from '@tiphys/core/evaluation/query-language.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { z } from 'zod'
import { googleTokenSource } from '../google/google-token.ts'
import { complaintOf as promqlComplaint, readPrometheus } from '../prometheus/prometheus-answer.ts'
import {
  type Asked,
  createHttpSliProvider,
  type HttpSliAdapter,
  type ProviderPower,
} from '../sli/http-sli.ts'
import type { SliReading } from '../sli/reading.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { readOptions } from '../sli/with-options.ts'
import { promqlQuestion } from './promql-question.ts'
import { joinPages, nextPageToken, readTimeSeries } from './time-series-answer.ts'
import { TimeSeriesOptions, usualAggregate } from './time-series-options.ts'
import { atPage, timeSeriesQuestion } from './time-series-question.ts'

const USUAL_URL = 'https://monitoring.googleapis.com'
/** Reads metrics, and nothing else. */
const SCOPE = 'https://www.googleapis.com/auth/monitoring.read'
/** A metric or project that is not there. */
const NOT_FOUND = 404

/** `google.rpc.Status` in JSON. */
const Failure = z.looseObject({
  error: z.looseObject({ message: z.string(), status: z.string().optional() }),
})

/** Google Cloud Monitoring: PromQL, or, with `with.filter`, time series that its own filters choose. */
export function createGoogleCloudMonitoringProvider(
  connection: {
    readonly name: string
    readonly settings: GoogleCloudMonitoringConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const { settings, tls } = connection
  const { project } = settings
  const base = (settings.url ?? USUAL_URL).replace(/\/+$/, '')
  const tokenOf = googleTokenSource({ ...settings, tls }, SCOPE, {
    http: power.http,
    retry: power.retry,
    environment: power.environment ?? {},
    nowMs: power.nowMs ?? Date.now,
  })
  const adapter: HttpSliAdapter = {
    title: 'Google Cloud Monitoring',
    // What stands beside a filter is for people.
    language: (sli) => (isFiltered(sli) ? PLAIN : PROMQL),
    aggregate: 'avg',
    question(asked) {
      if (!isFiltered(asked.sli)) return promqlQuestion(base, project, asked)
      const options = optionsOf(asked)
      return 'kind' in options ? options : timeSeriesQuestion(base, project, options.value, asked)
    },
    async credentials(_question, signal) {
      const token = await tokenOf(signal)
      return token.ok ? { ok: true, headers: { authorization: `Bearer ${token.value}` } } : token
    },
    pages: {
      next(page, sent) {
        const token = nextPageToken(page)
        return token === undefined ? undefined : atPage(sent, token)
      },
      join: joinPages,
    },
    read,
    complaint: complaintOf,
    queryStatuses: [NOT_FOUND],
  }
  return createHttpSliProvider(adapter, connection, power)
}

function isFiltered({ with: options = {} }: SliQuery): boolean {
  return Object.keys(options).some((key) => Object.hasOwn(TimeSeriesOptions.shape, key))
}

function optionsOf(asked: Asked) {
  return readOptions(TimeSeriesOptions, asked, { filter: DOUBLE_QUOTED })
}

function read(body: unknown, asked: Asked): SliReading {
  if (!isFiltered(asked.sli)) return readPrometheus(body)
  const options = optionsOf(asked)
  return 'kind' in options ? options : readTimeSeries(body, usualAggregate(options.value))
}

/** Google's words, or those of the API that it speaks for PromQL. */
function complaintOf(body: unknown): string | undefined {
  const failed = Failure.safeParse(body)
  if (!failed.success) return promqlComplaint(body)
  const { status, message } = failed.data.error
  return [status, message].filter(Boolean).join(': ')
}
