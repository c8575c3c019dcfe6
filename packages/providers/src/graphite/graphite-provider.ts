import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { GraphiteConnection } from '@tiphys/contract/connections/graphite.ts'
import { GRAPHITE } from '@tiphys/core/evaluation/query-language.ts'
import { z } from 'zod'
import {
  type Asked,
  basicAuthorization,
  createHttpSliProvider,
  type HttpSliAdapter,
  type ProviderPower,
  type SliQuestion,
} from '../sli/http-sli.ts'
import { failure, type SliFailure } from '../sli/reading.ts'
import type { SliProvider, SliRequest } from '../sli/sli-provider.ts'
import { complaintOf, readGraphite } from './graphite-answer.ts'
import { whyNoTarget } from './graphite-target.ts'

const MS_PER_SECOND = 1000
const MAX_POINTS = 100_000
/** Pixels of the picture that a report links to. */
const [WIDTH, HEIGHT] = ['900', '400']

const GraphiteOptions = z.strictObject({
  /**
   * Beyond that many points Graphite consolidates neighbours, by their average unless the target says `consolidateBy`. Unset: it sends all that
   * it has, since a sum or the largest of averages would be wrong without a word.
   */
  maxDataPoints: z.int().min(1).max(MAX_POINTS).optional(),
})

/** Graphite: the points of one target over the window, reduced to one value. */
export function createGraphiteProvider(
  connection: {
    readonly name: string
    readonly settings: GraphiteConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const { settings } = connection
  const base = settings.url.trim().replace(/\/+$/, '')
  const adapter: HttpSliAdapter = {
    title: 'Graphite',
    language: GRAPHITE,
    aggregate: 'avg',
    question: (asked) => question(base, asked),
    credentials: () => ({ ok: true, headers: credentials(settings) }),
    read: readGraphite,
    complaint: complaintOf,
  }
  return createHttpSliProvider(adapter, connection, power)
}

function question(base: string, { text, sli, request }: Asked): SliQuestion | SliFailure {
  const options = GraphiteOptions.safeParse(sli.with ?? {})
  if (!options.success) {
    const [issue] = options.error.issues
    const place = ['with', ...(issue?.path.map(String) ?? [])].join('.')
    return failure('query-refused', `${place}: ${issue?.message ?? 'is not valid'}`)
  }
  const target = text.trim()
  const wrong = whyNoTarget(target)
  if (wrong !== undefined) return failure('query-refused', `${wrong} in ${target}`)
  const { maxDataPoints } = options.data
  const when = timeRange(request)
  const most = maxDataPoints === undefined ? {} : { maxDataPoints: String(maxDataPoints) }
  const parameters = { target, ...when, format: 'json', ...most }
  const link = URL.parse(`${base}/render`)
  if (link !== null) {
    link.username = ''
    link.password = ''
    const picture = { target, ...when, width: WIDTH, height: HEIGHT }
    link.search = new URLSearchParams(picture).toString()
  }
  return {
    url: `${base}/render?${new URLSearchParams(parameters)}`,
    ...(link === null ? {} : { link: link.href }),
  }
}

/**
 * Unix seconds. Graphite leaves out a point that lies on `from`, and takes one that lies on `until`: a second less of both makes it the
 * points of the window, start included, end not (a point stands for the time after it).
 */
function timeRange({ window }: SliRequest): { readonly from: string; readonly until: string } {
  const before = (ms: number) => String(Math.ceil(ms / MS_PER_SECOND) - 1)
  return { from: before(window.startMs), until: before(window.endMs) }
}

function credentials({ user, password, bearerToken }: GraphiteConnection): Record<string, string> {
  if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` }
  return user === undefined ? {} : { authorization: basicAuthorization(user, password ?? '') }
}
