import { z } from 'zod'
import { ConnectionUrl, connectionSchema, secretKeys } from './connection.ts'

/** Graphite-web, or whatever answers at `<url>/render` as it does: carbonapi, go-graphite, Grafana Cloud. */
export const GraphiteConnection = connectionSchema({
  /** A path prefix included: `https://graphite-prod.grafana.net/graphite`. */
  url: ConnectionUrl,
  user: z.string().optional(),
  ...secretKeys('password', 'bearerToken'),
})
export type GraphiteConnection = z.infer<typeof GraphiteConnection>
