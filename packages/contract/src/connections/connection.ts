import { z } from 'zod'
import { parseDuration } from '../duration.ts'
import { Retention } from '../retention.ts'

/**
 * What every connection to a metrics system has, in `providers:` of tiphys.yaml. Secrets may stand in a file or in the environment:
 * `password`, `passwordFile`, `passwordEnv`.
 */

/** The folder of `<name>/sli.yaml`. */
export const ConnectionName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
  error: 'expected lower case letters, digits and hyphens',
})

const Duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'expected a duration like 10s, 5m or 1h30m')

const COMMON = {
  /** Called like its kind, unless there are several of a kind. */
  name: ConnectionName.optional(),
  /** Only for these projects; unset: for every project without one of its own under this name. */
  projects: z.array(z.string()).optional(),
  /** For one question, retries not counted. 30s unless set. */
  timeout: Duration.optional(),
  /** How long this system keeps what it measures (`15d`): a window that begins earlier is not asked for. Unset: nobody knows. */
  retention: Retention.optional(),
  /** Sent with every question, to this origin only: `X-Scope-OrgID` and the like. */
  headers: z.record(z.string(), z.string()).optional(),
  /** PEM: the authorities that this connection trusts, instead of those that the system does. */
  caFile: z.string().optional(),
  /** PEM, for servers that want to know who asks (mTLS). */
  certFile: z.string().optional(),
  keyFile: z.string().optional(),
  insecureSkipVerify: z.boolean().optional(),
}

type SecretKey<Name extends string> = Name | `${Name}File` | `${Name}Env`
type SecretShape<Name extends string> = { [Key in SecretKey<Name>]: z.ZodOptional<z.ZodString> }

/** `apiKey`, `apiKeyFile`, `apiKeyEnv`: the value itself, a file that holds it, the variable of the environment that does. */
export function secretKeys<Name extends string>(...names: readonly Name[]): SecretShape<Name> {
  const keys = names.flatMap((name) => [name, `${name}File`, `${name}Env`])
  // The keys are those of the type; TypeScript cannot see it through a list.
  return Object.fromEntries(keys.map((key) => [key, z.string().optional()])) as SecretShape<Name>
}

/** A connection's own keys beside the common ones. */
export function connectionSchema<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ ...COMMON, ...shape })
}

/** For `superRefine`: one of the three ways to give a secret. */
export function needsSecret(...names: readonly string[]) {
  return (value: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    for (const name of names) {
      if ([name, `${name}File`, `${name}Env`].some((key) => value[key] !== undefined)) continue
      context.addIssue({
        code: 'custom',
        message: `${name} is missing: ${name}File names a file that holds it, ${name}Env a variable of the environment`,
      })
    }
  }
}

/** The addresses of our connections are the operator's: any host, http and https. */
export const ConnectionUrl = z.url({
  protocol: /^https?$/,
  error: 'expected an http or https address',
})
