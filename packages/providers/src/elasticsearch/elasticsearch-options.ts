import type { ElasticsearchConnection } from '@tiphys/contract/connections/elasticsearch.ts'
import {
  DOUBLE_QUOTED,
  ESQL,
  JSON_DOCUMENT,
  type QueryLanguage,
  SQL_OF_ANY_KIND,
} from '@tiphys/core/evaluation/query-language.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { z } from 'zod'
import { JsonPath } from '../http-json/json-reading.ts'
import { failure, type SliFailure } from '../sli/reading.ts'

/** How many documents match. */
const HITS = '$.hits.total.value'

/** `with:` of an indicator in `elasticsearch/sli.yaml`. */
const ElasticsearchOptions = z.strictObject({
  /** `search` unless set: a body of the query DSL, or words as in Kibana's search bar. */
  language: z.enum(['search', 'esql', 'sql']).default('search'),
  /** search: instead of the connection's. */
  index: z.string().min(1).optional(),
  /** The window of the evaluation is a filter on this field; instead of the connection's. */
  timeField: z.string().min(1).optional(),
  /** search: where in the answer the number stands, by JSONPath; how many documents match unless set. */
  value: JsonPath.optional(),
  /** search: where the times of a series stand. */
  time: JsonPath.optional(),
  /** search: what is sent beside the query, aggregations above all. */
  body: z.record(z.string(), z.json()).optional(),
  /** esql, sql: that holds the values; the only one that holds numbers unless set. */
  column: z.string().min(1).optional(),
})
type Parsed = z.infer<typeof ElasticsearchOptions>

export type ElasticsearchOptions = Parsed & { readonly value: string }

const OF_SEARCHES = ['index', 'value', 'time', 'body'] as const

/** The options with those of the connection, or why they are none. */
export function elasticsearchOptions(
  settings: ElasticsearchConnection,
  sli: SliQuery,
): ElasticsearchOptions | SliFailure {
  const parsed = ElasticsearchOptions.safeParse(sli.with ?? {})
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const place = ['with', ...(issue?.path.map(String) ?? [])].join('.')
    return failure('query-refused', `${place}: ${issue?.message ?? 'is not valid'}`)
  }
  const options = parsed.data
  const { language, column } = options
  const stray = OF_SEARCHES.find((name) => language !== 'search' && options[name] !== undefined)
  if (stray !== undefined) {
    return failure('query-refused', `with.${stray}: only searches take it, not ${language}`)
  }
  if (language === 'search' && column !== undefined) {
    const message = 'with.column: only esql and sql answer with columns; a search takes value'
    return failure('query-refused', message)
  }
  if (language === 'esql' && settings.product === 'opensearch') {
    return failure('query-refused', 'with.language: OpenSearch does not speak esql; it speaks sql')
  }
  const timeField = options.timeField ?? settings.timeField
  const index = options.index ?? settings.index
  return {
    ...options,
    value: options.value ?? HITS,
    ...(timeField === undefined ? {} : { timeField }),
    ...(index === undefined ? {} : { index }),
  }
}

/** Whose words count inside the query; of options that are none, whatever: nothing is asked. */
export function elasticsearchLanguage({ query, with: options }: SliQuery): QueryLanguage {
  const language = options?.['language']
  if (language === 'esql') return ESQL
  if (language === 'sql') return SQL_OF_ANY_KIND
  return isBody(query) ? JSON_DOCUMENT : DOUBLE_QUOTED
}

/** A search by words never begins like this. */
export function isBody(query: string): boolean {
  return query.trimStart().startsWith('{')
}
