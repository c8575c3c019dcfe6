import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { ElasticsearchConnection } from '@tiphys/contract/connections/elasticsearch.ts'
import {
  type Asked,
  basicAuthorization,
  createHttpSliProvider,
  type HttpSliAdapter,
  type ProviderPower,
} from '../sli/http-sli.ts'
import type { SliReading } from '../sli/reading.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { complaintOf, readSearch, readStatement } from './elasticsearch-answer.ts'
import { elasticsearchLanguage, elasticsearchOptions } from './elasticsearch-options.ts'
import { elasticsearchQuestion } from './elasticsearch-question.ts'

/** An index that is not there. */
const NOT_FOUND = 404

/** Elasticsearch and OpenSearch: searches with aggregations, ES|QL and SQL. */
export function createElasticsearchProvider(
  connection: {
    readonly name: string
    readonly settings: ElasticsearchConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const { settings } = connection
  const base = settings.url.trim().replace(/\/+$/, '')
  const adapter: HttpSliAdapter = {
    title: settings.product === 'opensearch' ? 'OpenSearch' : 'Elasticsearch',
    language: elasticsearchLanguage,
    aggregate: 'avg',
    question: (asked) => elasticsearchQuestion({ base, settings }, asked),
    credentials: () => ({ ok: true, headers: credentials(settings) }),
    read: (body, asked) => read(settings, body, asked),
    complaint: complaintOf,
    queryStatuses: [NOT_FOUND],
  }
  return createHttpSliProvider(adapter, connection, power)
}

function credentials(settings: ElasticsearchConnection): Record<string, string> {
  const { user, password, bearerToken, apiKey } = settings
  if (apiKey !== undefined) {
    // Base64 has no colon.
    const encoded = apiKey.includes(':') ? Buffer.from(apiKey).toString('base64') : apiKey
    return { authorization: `ApiKey ${encoded}` }
  }
  if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` }
  return user === undefined ? {} : { authorization: basicAuthorization(user, password ?? '') }
}

function read(settings: ElasticsearchConnection, body: unknown, { sli, text }: Asked): SliReading {
  const options = elasticsearchOptions(settings, sli)
  // They were good enough for the question.
  if ('kind' in options) return options
  const isAggregated = sli.aggregate !== undefined
  return options.language === 'search'
    ? readSearch(body, options, isAggregated)
    : readStatement(body, options, { text, isAggregated })
}
