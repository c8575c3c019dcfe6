import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { DatadogConnection } from '@tiphys/contract/connections/datadog.ts'
import { PLAIN } from '@tiphys/core/evaluation/query-language.ts'
import { createHttpSliProvider, type HttpSliAdapter, type ProviderPower } from '../sli/http-sli.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { complaintOf, readDatadog } from './datadog-answer.ts'
import { datadogQuestion } from './datadog-question.ts'

const DEFAULT_SITE = 'datadoghq.com'
const MS_PER_SECOND = 1000

/**
 * Datadog's metrics: by default the v1 API and the last point of the window, as Keptn's datadog-service and Argo Rollouts do it; with
 * formulas the v2 API. Answers are read in datadog-answer.ts.
 */
export function createDatadogProvider(
  connection: {
    readonly name: string
    readonly settings: DatadogConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const { apiKey, applicationKey, site = DEFAULT_SITE, url } = connection.settings
  const base = (url ?? `https://api.${site}`).trim().replace(/\/+$/, '')
  const adapter: HttpSliAdapter = {
    title: 'Datadog',
    language: PLAIN,
    aggregate: 'last',
    question: (asked) => datadogQuestion({ base, site }, asked),
    credentials() {
      if (apiKey === undefined || applicationKey === undefined) {
        return { ok: false, message: `${connection.name} has no apiKey or no applicationKey` }
      }
      return { ok: true, headers: { 'dd-api-key': apiKey, 'dd-application-key': applicationKey } }
    },
    read: readDatadog,
    complaint: complaintOf,
    waitMs: (headers) => secondsToReset(headers['x-ratelimit-reset']),
  }
  return createHttpSliProvider(adapter, connection, power)
}

/** `X-RateLimit-Reset`: seconds until questions are taken again. */
function secondsToReset(text: string | undefined): number | undefined {
  const seconds = text === undefined ? Number.NaN : Number(text)
  return Number.isFinite(seconds) && seconds > 0 ? seconds * MS_PER_SECOND : undefined
}
