import { z } from 'zod'
import { ConnectionUrl, connectionSchema, needsSecret, secretKeys } from './connection.ts'

/**
 * Amazon CloudWatch of one region. `credentials` says where the identity comes from, and nothing else is looked at: `static` keys of these
 * settings; `environment`: AWS_ACCESS_KEY_ID and the like; `container`: EKS Pod Identity, ECS task roles; `web-identity`: IAM roles for service
 * accounts (IRSA); `instance`: the role of the EC2 instance, from its metadata service (IMDSv2).
 */
export const CloudWatchConnection = connectionSchema({
  region: z.string().regex(/^[a-z]+(-[a-z]+)+-\d+$/, {
    error: 'expected a region like eu-central-1',
  }),
  credentials: z.enum(['static', 'environment', 'container', 'web-identity', 'instance']),
  ...secretKeys('accessKeyId', 'secretAccessKey', 'sessionToken'),
  /** A role that is assumed with these credentials, in this account or another. */
  roleArn: z
    .string()
    .regex(/^arn:[\w-]+:iam::\d{12}:role\/.+$/, {
      error: 'expected a role like arn:aws:iam::123456789012:role/tiphys',
    })
    .optional(),
  /** What the other account wants to hear when its role is assumed. */
  externalId: z.string().optional(),
  /** Unless set, those of the region. */
  url: ConnectionUrl.optional(),
  stsUrl: ConnectionUrl.optional(),
}).superRefine((value, context) => {
  if (value.credentials === 'static') needsSecret('accessKeyId', 'secretAccessKey')(value, context)
})
export type CloudWatchConnection = z.infer<typeof CloudWatchConnection>
