import { z } from 'zod'
import { ConnectionUrl, connectionSchema, needsSecret, secretKeys } from './connection.ts'

/**
 * Google Cloud Monitoring as one project sees it. `credentials` says where the access token comes from: `service-account-key`: JSON of a key;
 * `metadata`: the metadata server of GKE (Workload Identity), Compute Engine and Cloud Run; `access-token`: one that others renew, in a file that is
 * read for every question.
 */
export const GoogleCloudMonitoringConnection = connectionSchema({
  /** Its id or number; its metrics scope decides which metrics are seen. */
  project: z.string().regex(/^([a-z0-9.-]+:)?[a-z0-9][a-z0-9-]{2,61}[a-z0-9]$/, {
    error: 'expected the id or the number of a project',
  }),
  credentials: z.enum(['service-account-key', 'metadata', 'access-token']),
  ...secretKeys('serviceAccountKey', 'accessToken'),
  /** Unless set, https://monitoring.googleapis.com. */
  url: ConnectionUrl.optional(),
}).superRefine((value, context) => {
  if (value.credentials === 'service-account-key') needsSecret('serviceAccountKey')(value, context)
  if (value.credentials === 'access-token') needsSecret('accessToken')(value, context)
})
export type GoogleCloudMonitoringConnection = z.infer<typeof GoogleCloudMonitoringConnection>
