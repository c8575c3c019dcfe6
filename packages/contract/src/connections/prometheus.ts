import { z } from 'zod'
import { ConnectionUrl, connectionSchema, secretKeys } from './connection.ts'

/** A Prometheus, or whatever speaks its API: Thanos, Mimir, Cortex, VictoriaMetrics. */
export const PrometheusConnection = connectionSchema({
  /** A path prefix included: `https://mimir.example/prometheus`. */
  url: ConnectionUrl,
  user: z.string().optional(),
  ...secretKeys('password', 'bearerToken'),
  /** Sent beside every query: `dedup`, `partial_response` (Thanos), `nocache` (VictoriaMetrics). */
  parameters: z.record(z.string(), z.string()).optional(),
  /** `metricsql`: queries are VictoriaMetrics' own, and are not checked before they are sent. */
  syntax: z.enum(['promql', 'metricsql']).optional(),
})
export type PrometheusConnection = z.infer<typeof PrometheusConnection>
