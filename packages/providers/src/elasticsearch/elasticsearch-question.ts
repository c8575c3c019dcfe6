import type { ElasticsearchConnection } from '@tiphys/contract/connections/elasticsearch.ts'
import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'
import { JSON_DOCUMENT, PLAIN, SQL_OF_ANY_KIND } from '@tiphys/core/evaluation/query-language.ts'
import { expandQuery } from '@tiphys/core/evaluation/sli-query.ts'
import type { Asked, SliQuestion } from '../sli/http-sli.ts'
import { failure, type SliFailure } from '../sli/reading.ts'
import type { SliRequest } from '../sli/sli-provider.ts'
import { whyNotReading } from '../sli/sql-statement.ts'
import { type ElasticsearchOptions, elasticsearchOptions, isBody } from './elasticsearch-options.ts'
import { whyNoIndex } from './index-name.ts'
import { kibanaLink } from './kibana-link.ts'

type Source = { readonly base: string; readonly settings: ElasticsearchConnection }

/** The request for one indicator: a search, or a statement of ES|QL or SQL. */
export function elasticsearchQuestion(
  { base, settings }: Source,
  asked: Asked,
): SliQuestion | SliFailure {
  const options = elasticsearchOptions(settings, asked.sli)
  if ('kind' in options) return options
  const { text, request } = asked
  const link = kibanaLink(settings.kibana, options.language, text, request)
  const common = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(link === undefined ? {} : { link }),
  } as const
  if (options.language === 'search') {
    const search = searchOf(options, asked)
    if ('kind' in search) return search
    const body = JSON.stringify(search.body)
    const path = `/${search.index}/_search`
    return { ...common, url: `${base}${path}`, body, shown: `POST ${path} ${body}` }
  }
  if (options.language === 'sql') {
    const writes = whyNotReading(text, SQL_OF_ANY_KIND)
    if (writes !== undefined) return failure('query-refused', writes)
  }
  const range = rangeOf(options, request)
  const body = { query: text, ...(range === undefined ? {} : { filter: range }) }
  return {
    ...common,
    url: `${base}${statementPath(settings, options)}`,
    body: JSON.stringify(body),
  }
}

function statementPath(
  { product }: ElasticsearchConnection,
  { language }: ElasticsearchOptions,
): string {
  if (language === 'esql') return '/_query'
  return product === 'opensearch' ? '/_plugins/_sql' : '/_sql?format=json'
}

function searchOf(
  options: ElasticsearchOptions,
  { text, request }: Asked,
): { readonly index: string; readonly body: JsonObject } | SliFailure {
  const index = indexOf(options, request)
  if (typeof index !== 'string') return index
  const beside = besideOf(options, request)
  if ('kind' in beside) return beside
  const own = isBody(text) ? bodyOf(text, 'the query') : { body: wordsOf(text) }
  if ('kind' in own) return own
  const conditions = [own.body['query'], beside.body['query']]
  const filter = [...conditions, rangeOf(options, request)].filter((one) => one !== undefined)
  const body = {
    // Aggregations and the count are what is asked for, documents only by who says so.
    size: 0,
    // Without it Elasticsearch stops counting at 10,000.
    track_total_hits: true,
    ...own.body,
    ...beside.body,
    ...(filter.length === 0 ? {} : { query: all(filter) }),
  }
  return { index, body }
}

function all(conditions: readonly Json[]): Json {
  const [only, second] = conditions
  return second === undefined ? (only ?? null) : { bool: { filter: [...conditions] } }
}

function indexOf({ index }: ElasticsearchOptions, request: SliRequest): string | SliFailure {
  if (index === undefined) {
    return failure('query-refused', 'with.index is missing: it says where to look, like logs-*')
  }
  const filled = expandQuery(index, request.scope, request.window, PLAIN)
  if (!filled.ok) return failure('query-unsafe', `with.index: ${filled.message}`)
  const wrong = whyNoIndex(filled.query)
  return wrong === undefined ? filled.query : failure('query-refused', `with.index: ${wrong}`)
}

function besideOf(
  { body }: ElasticsearchOptions,
  request: SliRequest,
): { readonly body: JsonObject } | SliFailure {
  if (body === undefined) return { body: {} }
  const filled = expandQuery(JSON.stringify(body), request.scope, request.window, JSON_DOCUMENT)
  if (!filled.ok) return failure('query-unsafe', `with.body: ${filled.message}`)
  return bodyOf(filled.query, 'with.body')
}

function bodyOf(text: string, what: string): { readonly body: JsonObject } | SliFailure {
  try {
    const parsed: unknown = JSON.parse(text)
    if (isJsonObject(parsed)) return { body: parsed }
    return failure('query-refused', `${what} is no JSON object`)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return failure('query-refused', `${what} begins like JSON and is none: ${reason}`)
  }
}

/** As in the search bar; `*` is every document. */
function wordsOf(text: string): JsonObject {
  const query = text.trim()
  return query === '*' ? {} : { query: { query_string: { query } } }
}

function rangeOf(
  { timeField }: ElasticsearchOptions,
  { window }: SliRequest,
): JsonObject | undefined {
  if (timeField === undefined) return undefined
  const { startMs, endMs } = window
  return { range: { [timeField]: { gte: startMs, lt: endMs, format: 'epoch_millis' } } }
}
