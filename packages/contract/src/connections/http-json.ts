import { z } from 'zod'
import { ConnectionUrl, connectionSchema, secretKeys } from './connection.ts'

/** Any server that answers with JSON. What is asked of it stands in `http-json/sli.yaml`; no query leads to another origin than this. */
export const HttpJsonConnection = connectionSchema({
  url: ConnectionUrl,
  user: z.string().optional(),
  ...secretKeys('password', 'bearerToken', 'apiKey'),
  /** The header that carries `apiKey`; `x-api-key` unless set. */
  apiKeyHeader: z.string().optional(),
})
export type HttpJsonConnection = z.infer<typeof HttpJsonConnection>
