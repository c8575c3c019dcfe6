import { CommandFailure } from '../failure.ts'
import { configPath, readConfig } from './config-file.ts'

/** Where the server is and who we are. */
export type Connection = {
  /** Without `/api` and without a slash at the end. */
  readonly endpoint: string
  readonly token?: string
  /** Where the endpoint comes from, for people. */
  readonly from: string
}

export type ConnectionFlags = {
  readonly endpoint?: string
  readonly apiToken?: string
  readonly configFile?: string
}

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8080'

/**
 * Flags, then environment (ours, then Keptn's names), then what `tiphys auth` stored, then the default of `tiphys serve`.
 * A token that was stored for one endpoint is never sent to another.
 */
export function connectionOf(
  flags: ConnectionFlags,
  environment: NodeJS.ProcessEnv = process.env,
): Connection {
  const path = configPath(flags.configFile, environment)
  const [endpointText, from] =
    first([
      [flags.endpoint, '--endpoint'],
      [environment['TIPHYS_ENDPOINT'], 'TIPHYS_ENDPOINT'],
      [environment['KEPTN_ENDPOINT'], 'KEPTN_ENDPOINT'],
    ]) ?? []
  const given =
    first([
      [flags.apiToken, '--api-token'],
      [environment['TIPHYS_API_TOKEN'], 'TIPHYS_API_TOKEN'],
      [environment['KEPTN_API_TOKEN'], 'KEPTN_API_TOKEN'],
    ])?.[0] ?? undefined
  const needsFile = endpointText === undefined || given === undefined
  const stored = needsFile ? readConfig(path) : undefined
  const endpoint = normaliseEndpoint(endpointText ?? stored?.endpoint ?? DEFAULT_ENDPOINT)
  const belongs = stored !== undefined && normaliseEndpoint(stored.endpoint) === endpoint
  const token = given ?? (belongs ? stored.apiToken : undefined)
  return {
    endpoint,
    from: from ?? (stored === undefined ? 'the default' : path),
    ...(token === undefined ? {} : { token }),
  }
}

function first(
  candidates: readonly (readonly [string | undefined, string])[],
): readonly [string, string] | undefined {
  for (const [value, name] of candidates) if (value) return [value, name]
  return undefined
}

/** `host:8080`, `http://host`, `https://host/base/api/` all name a server; Keptn's users write the one with `/api`. */
export function normaliseEndpoint(text: string): string {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new CommandFailure(
      `endpoint ${JSON.stringify(text)} is not an http or https address like http://127.0.0.1:8080`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new CommandFailure('the endpoint must not hold a user name or password; use --api-token')
  }
  const path = url.pathname.replace(/\/+$/, '').replace(/\/api$/, '')
  return `${url.origin}${path}`
}
