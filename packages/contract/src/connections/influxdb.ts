import { z } from 'zod'
import { ConnectionUrl, connectionSchema, secretKeys } from './connection.ts'

/**
 * InfluxDB: 1 is asked by InfluxQL, 2 by Flux or InfluxQL, 3 by SQL or InfluxQL. `token` is a JWT for 1, an API token for 2 and a database
 * token for 3; `user` and `password` are sent as Basic authentication. Reading is all that either has to be allowed.
 */
export const InfluxdbConnection = connectionSchema({
  url: ConnectionUrl,
  version: z.union([z.literal(1), z.literal(2), z.literal(3)], { error: 'expected 1, 2 or 3' }),
  /** 1 and 3, and for InfluxQL in 2: where a query looks that names none itself. */
  database: z.string().min(1).optional(),
  /** 1, and InfluxQL in 2: the database's own default unless set. */
  retentionPolicy: z.string().min(1).optional(),
  /** 2: name of the organization. */
  organization: z.string().min(1).optional(),
  user: z.string().optional(),
  ...secretKeys('password', 'token'),
  /** 1: `query` sends user and password as `u` and `p` in the address, for proxies that keep the header to themselves. */
  credentialsIn: z.enum(['header', 'query']).optional(),
}).superRefine((settings, context) => {
  for (const [key, message] of problemsOf(settings)) {
    context.addIssue({ code: 'custom', path: [key], message })
  }
})
export type InfluxdbConnection = z.infer<typeof InfluxdbConnection>

function problemsOf(settings: {
  readonly version: 1 | 2 | 3
  readonly database?: string | undefined
  readonly retentionPolicy?: string | undefined
  readonly organization?: string | undefined
  readonly credentialsIn?: string | undefined
}): readonly (readonly [string, string])[] {
  const { version, database, retentionPolicy, organization, credentialsIn } = settings
  const problems: [string, string][] = []
  if (version === 2 && organization === undefined && database === undefined) {
    problems.push([
      'organization',
      'version 2 needs an organization for Flux, or a database for InfluxQL',
    ])
  }
  if (version === 3 && database === undefined) {
    problems.push(['database', 'version 3 needs a database'])
  }
  if (version !== 2 && organization !== undefined) {
    problems.push(['organization', 'only version 2 has organizations'])
  }
  if (version === 3 && retentionPolicy !== undefined) {
    problems.push(['retentionPolicy', 'version 3 has none: it is part of the database'])
  }
  if (version !== 1 && credentialsIn === 'query') {
    problems.push(['credentialsIn', 'only version 1 takes user and password in the address'])
  }
  return problems
}
