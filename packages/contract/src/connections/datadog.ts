import { z } from 'zod'
import { ConnectionUrl, connectionSchema, needsSecret, secretKeys } from './connection.ts'

/** Datadog's sites, as its documentation names them. */
export const DatadogSite = z.enum([
  'datadoghq.com',
  'us3.datadoghq.com',
  'us5.datadoghq.com',
  'datadoghq.eu',
  'ap1.datadoghq.com',
  'ap2.datadoghq.com',
  'uk1.datadoghq.com',
  'ddog-gov.com',
  'us2.ddog-gov.com',
])
export type DatadogSite = z.infer<typeof DatadogSite>

/** An organisation of Datadog. The application key needs the permission `timeseries_query` and no other. */
export const DatadogConnection = connectionSchema({
  /** Where the organisation lives; `datadoghq.com` unless set. */
  site: DatadogSite.optional(),
  /** Instead of `https://api.<site>`: a proxy. Links still lead to the site. */
  url: ConnectionUrl.optional(),
  ...secretKeys('apiKey', 'applicationKey'),
}).superRefine(needsSecret('apiKey', 'applicationKey'))
export type DatadogConnection = z.infer<typeof DatadogConnection>
