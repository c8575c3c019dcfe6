import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { NewRelicConnection } from '@tiphys/contract/connections/newrelic.ts'
import { NRQL } from '@tiphys/core/evaluation/query-language.ts'
import { z } from 'zod'
import {
  type Asked,
  createHttpSliProvider,
  type HttpSliAdapter,
  type ProviderPower,
  type SliQuestion,
  timeoutOf,
} from '../sli/http-sli.ts'
import type { SliFailure } from '../sli/reading.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { readOptions } from '../sli/with-options.ts'
import { complaintOf, readNewRelic, statusOf } from './newrelic-answer.ts'
import { withWindow } from './newrelic-window.ts'

const HOSTS = { us: 'https://api.newrelic.com', eu: 'https://api.eu.newrelic.com' } as const
const MS_PER_SECOND = 1000
/** What New Relic allows a query at most, without its async form. */
const MAX_TIMEOUT_S = 70

/** The query goes in as a variable: nothing in it can be more than a query. */
const GRAPHQL =
  'query ($accountId: Int!, $nrql: Nrql!, $timeout: Seconds!) { actor { account(id: $accountId) { nrql(query: $nrql, timeout: $timeout) { results metadata { facets messages } } } } }'

/** `with:` of an indicator in `newrelic/sli.yaml`. */
const NewRelicOptions = z.strictObject({
  /** Which of several values: `average.duration`, `percentile.duration.95`. */
  field: z.string().min(1).optional(),
})

/** New Relic's NerdGraph with a query in NRQL (docs.newrelic.com, nerdgraph-nrql-tutorial). */
export function createNewRelicProvider(
  connection: {
    readonly name: string
    readonly settings: NewRelicConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const { apiKey } = connection.settings
  const adapter: HttpSliAdapter = {
    title: 'New Relic',
    language: NRQL,
    aggregate: 'avg',
    question: (asked) => question(connection.settings, asked),
    credentials: () =>
      apiKey === undefined
        ? { ok: false, message: `${connection.name} has no apiKey` }
        : { ok: true, headers: { 'api-key': apiKey } },
    read(body, asked) {
      const options = readOptions(NewRelicOptions, asked)
      if ('kind' in options) return options
      const { remarks } = withWindow(asked.text, asked.request.window)
      return readNewRelic(body, options.value.field, remarks)
    },
    complaint: complaintOf,
    statusOf,
  }
  return createHttpSliProvider(adapter, connection, power)
}

function question(settings: NewRelicConnection, asked: Asked): SliQuestion | SliFailure {
  const options = readOptions(NewRelicOptions, asked)
  if ('kind' in options) return options
  const { accountId, region = 'us', url, timeout } = settings
  const base = (url ?? HOSTS[region]).trim().replace(/\/+$/, '')
  const nrql = withWindow(asked.text, asked.request.window).text
  const timeoutS = Math.floor(timeoutOf(timeout) / MS_PER_SECOND)
  const variables = {
    accountId,
    nrql,
    timeout: Math.min(MAX_TIMEOUT_S, Math.max(1, timeoutS)),
  }
  return {
    url: `${base}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: GRAPHQL, variables }),
    shown: nrql,
  }
}
