import { z } from 'zod'
import { ConnectionUrl, connectionSchema, secretKeys } from './connection.ts'

/** Elasticsearch or OpenSearch. Reading the indices of the queries is all that the credentials have to be allowed. */
export const ElasticsearchConnection = connectionSchema({
  url: ConnectionUrl,
  /** `elasticsearch` unless set: says where SQL is answered. */
  product: z.enum(['elasticsearch', 'opensearch']).optional(),
  user: z.string().optional(),
  /** `apiKey`: as Elasticsearch shows it encoded, or `id:key`. */
  ...secretKeys('password', 'bearerToken', 'apiKey'),
  /** Where searches look that name no index themselves: `logs-*`. */
  index: z.string().min(1).optional(),
  /** The field that holds the time of a document, for queries that name none themselves: `@timestamp`. */
  timeField: z.string().min(1).optional(),
  /** Kibana or OpenSearch Dashboards, a space's path included; reports link there. */
  kibana: ConnectionUrl.optional(),
})
export type ElasticsearchConnection = z.infer<typeof ElasticsearchConnection>
