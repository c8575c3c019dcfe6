import type { z } from 'zod'
import { ConnectionUrl, connectionSchema, secretKeys } from './connection.ts'

const TOKENS = ['apiToken', 'bearerToken'] as const

/** An environment of Dynatrace. The token needs `metrics.read`; `slo.read`, `problems.read` and `securityProblems.read` where those are asked for. */
export const DynatraceConnection = connectionSchema({
  /**
   * `https://abc12345.live.dynatrace.com`, `https://<domain>/e/<environment>` (Managed), an ActiveGate, or
   * `https://abc12345.apps.dynatrace.com` (the platform, with `bearerToken`).
   */
  url: ConnectionUrl,
  /** An access token goes into `apiToken`, a platform token into `bearerToken`. */
  ...secretKeys(...TOKENS),
}).superRefine((value: Readonly<Record<string, unknown>>, context) => {
  const given = TOKENS.filter((name) =>
    [name, `${name}File`, `${name}Env`].some((key) => value[key] !== undefined),
  )
  if (given.length === 1) return
  const message =
    given.length === 0
      ? 'apiToken or bearerToken is missing: apiTokenFile names a file that holds it, apiTokenEnv a variable of the environment'
      : 'apiToken and bearerToken are two ways to the same: give one of them'
  context.addIssue({ code: 'custom', message })
})
export type DynatraceConnection = z.infer<typeof DynatraceConnection>
