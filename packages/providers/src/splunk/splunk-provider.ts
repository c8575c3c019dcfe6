import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { SplunkConnection } from '@tiphys/contract/connections/splunk.ts'
import { DOUBLE_QUOTED } from '@tiphys/core/evaluation/query-language.ts'
import { z } from 'zod'
import {
  type Asked,
  basicAuthorization,
  createHttpSliProvider,
  type HttpSliAdapter,
  type ProviderPower,
  type SliQuestion,
  timeoutOf,
} from '../sli/http-sli.ts'
import { failure, type SliFailure } from '../sli/reading.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { readOptions } from '../sli/with-options.ts'
import { asSearch, refusedCommand } from './spl-commands.ts'
import { complaintOf, MAX_ROWS, readSplunk } from './splunk-answer.ts'

const USUAL_APP = 'search'
const MS_PER_SECOND = 1000
const MILLISECONDS = 3
/** A search that nobody waits for any more ends by itself, this long after we gave up. */
const SPARE_S = 5

const SplunkOptions = z.strictObject({
  /** The field that holds the value; unset: the only one with numbers. */
  field: z.string().min(1).optional(),
})

/** Splunk: a search over the window, done within one request ("search/jobs" of its REST API reference, `exec_mode=oneshot`). */
export function createSplunkProvider(
  connection: {
    readonly name: string
    readonly settings: SplunkConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const { settings } = connection
  const adapter: HttpSliAdapter = {
    title: 'Splunk',
    language: DOUBLE_QUOTED,
    aggregate: 'avg',
    question: (asked) => question(settings, asked),
    credentials: () => ({ ok: true, headers: { authorization: authorization(settings) } }),
    read(body, asked) {
      const options = readOptions(SplunkOptions, asked)
      if ('kind' in options) return options
      return readSplunk(body, { ...options.value, isAggregated: asked.sli.aggregate !== undefined })
    },
    complaint: complaintOf,
  }
  return createHttpSliProvider(adapter, connection, power)
}

function question(settings: SplunkConnection, asked: Asked): SliQuestion | SliFailure {
  const options = readOptions(SplunkOptions, asked)
  if ('kind' in options) return options
  const search = asSearch(asked.text)
  const refused = refusedCommand(search)
  if (refused !== undefined) {
    const message = `the search has the command ${refused}, which changes, sends or runs something: it is not asked`
    return failure('query-refused', message)
  }
  const { startMs, endMs } = asked.request.window
  const [earliest, latest] = [startMs, endMs].map((ms) =>
    (ms / MS_PER_SECOND).toFixed(MILLISECONDS),
  )
  const link = webLink(settings, search, { earliest, latest })
  return {
    url: searchUrl(settings),
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      search,
      exec_mode: 'oneshot',
      output_mode: 'json',
      earliest_time: earliest ?? '',
      latest_time: latest ?? '',
      count: String(MAX_ROWS),
      max_time: String(Math.ceil(timeoutOf(settings.timeout) / MS_PER_SECOND) + SPARE_S),
    }).toString(),
    shown: search,
    ...(link === undefined ? {} : { link }),
  }
}

function searchUrl({ url, app }: SplunkConnection): string {
  const base = url.replace(/\/+$/, '')
  return app === undefined
    ? `${base}/services/search/jobs`
    : `${base}/servicesNS/nobody/${app}/search/jobs`
}

function authorization({ token, sessionKey, user = '', password = '' }: SplunkConnection): string {
  if (token !== undefined) return `Bearer ${token}`
  return sessionKey === undefined ? basicAuthorization(user, password) : `Splunk ${sessionKey}`
}

/** The search page of Splunk Web, which listens elsewhere than the API. */
function webLink(
  { webUrl, app = USUAL_APP }: SplunkConnection,
  search: string,
  {
    earliest,
    latest,
  }: { readonly earliest?: string | undefined; readonly latest?: string | undefined },
): string | undefined {
  if (webUrl === undefined) return undefined
  const link = new URL(`${webUrl.replace(/\/+$/, '')}/app/${app}/search`)
  link.username = ''
  link.password = ''
  link.search = new URLSearchParams({
    q: search,
    earliest: earliest ?? '',
    latest: latest ?? '',
  }).toString()
  return link.href
}
