import { z } from 'zod'
import { ConnectionUrl, connectionSchema, secretKeys } from './connection.ts'

/** Ways to say who asks; exactly one of them. */
const IDENTITIES = ['apiToken', 'bearerToken', 'clientSecret'] as const

/** An environment of Dynatrace; which scopes its token needs is in docs/providers.md. */
export const DynatraceConnection = connectionSchema({
  /**
   * `https://abc12345.live.dynatrace.com`, `https://<domain>/e/<environment>` (Managed), an ActiveGate, or
   * `https://abc12345.apps.dynatrace.com` (the platform, with `bearerToken` or an OAuth client).
   */
  url: ConnectionUrl,
  /** An access token goes into `apiToken`, a platform token into `bearerToken`; the secret is that of an OAuth client. */
  ...secretKeys(...IDENTITIES),
  clientId: z.string().min(1).optional(),
  /** `urn:dtaccount:<uuid>`, where the OAuth client needs it. */
  resource: z.string().min(1).optional(),
  /** Of the OAuth client's tokens; `environment-api:metrics:read` unless set. */
  scope: z.string().min(1).optional(),
  /** `https://sso.dynatrace.com/sso/oauth2/token` unless set. */
  tokenUrl: ConnectionUrl.optional(),
}).superRefine((value: Readonly<Record<string, unknown>>, context) => {
  const given = IDENTITIES.filter((name) =>
    [name, `${name}File`, `${name}Env`].some((key) => value[key] !== undefined),
  )
  const complain = (message: string) => context.addIssue({ code: 'custom', message })
  if (given.length === 0) {
    complain(
      'apiToken, bearerToken or clientSecret is missing: apiTokenFile names a file that holds it, apiTokenEnv a variable of the environment',
    )
  } else if (given.length > 1) {
    complain(`${given.join(' and ')} are ways to the same: give one of them`)
  } else if ((given[0] === 'clientSecret') !== (value['clientId'] !== undefined)) {
    complain('clientId and clientSecret belong together')
  }
})
export type DynatraceConnection = z.infer<typeof DynatraceConnection>
