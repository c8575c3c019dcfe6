import { z } from 'zod'
import { ConnectionUrl, connectionSchema, needsSecret, secretKeys } from './connection.ts'

const MAX_ACCOUNT_ID = 2_147_483_647

/** An account of New Relic. The key is a user key of somebody who may read the account's data. */
export const NewRelicConnection = connectionSchema({
  /** Whose data is asked for. */
  accountId: z.int().positive().max(MAX_ACCOUNT_ID),
  /** `us` unless set. */
  region: z.enum(['us', 'eu']).optional(),
  /** Instead of the region's `https://api.newrelic.com`: a proxy, or an endpoint of its own. `/graphql` is put behind it. */
  url: ConnectionUrl.optional(),
  ...secretKeys('apiKey'),
}).superRefine(needsSecret('apiKey'))
export type NewRelicConnection = z.infer<typeof NewRelicConnection>
