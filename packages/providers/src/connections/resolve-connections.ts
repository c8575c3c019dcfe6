import {
  CONNECTION_KINDS,
  type Connection,
  type ConnectionKind,
  type ConnectionTls,
  type ProvidersFile,
} from '@tiphys/contract/connections/connections.ts'

/** Reads what settings name; says itself what cannot be had, without its value. */
export type SecretReader = {
  /** The value itself, a file, a variable of the environment: the first that is given. */
  pick(what: string, value?: string, file?: string, variable?: string): string | undefined
  read(what: string, file: string): string | undefined
}

export type ResolvedConnection = {
  readonly connection: Connection
  /** Undefined: for every project without one of its own under this name. */
  readonly projects?: readonly string[]
}

/** The connections of `providers:`, each with its secrets read, in the order of the kinds. */
export function resolveConnections(
  file: ProvidersFile,
  secrets: SecretReader,
): readonly ResolvedConnection[] {
  // The keys of the file are those of the kinds.
  const kinds = Object.keys(CONNECTION_KINDS) as ConnectionKind[]
  return kinds.flatMap((kind) => {
    const given = file[kind] ?? []
    return (Array.isArray(given) ? given : [given]).map((one) => resolve(kind, one, secrets))
  })
}

type Raw = {
  readonly name?: string | undefined
  readonly projects?: readonly string[] | undefined
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly insecureSkipVerify?: boolean | undefined
}

function resolve(kind: ConnectionKind, raw: Raw, secrets: SecretReader): ResolvedConnection {
  const name = raw.name ?? kind
  const what = `providers.${kind} ${name}`
  const tls = tlsOf(raw, what, secrets)
  const settings = withSecrets(kind, raw, what, secrets)
  // The settings are those that the kind's own schema took, with secrets in their places.
  const connection = { kind, name, settings, ...(tls === undefined ? {} : { tls }) } as Connection
  return { connection, ...(raw.projects === undefined ? {} : { projects: raw.projects }) }
}

/** Fills in every key `x` that may also be given as `xFile` or `xEnv`. */
function withSecrets(
  kind: ConnectionKind,
  raw: Raw,
  what: string,
  secrets: SecretReader,
): Readonly<Record<string, unknown>> {
  const given = raw as Readonly<Record<string, string | undefined>>
  const found = secretNames(kind).flatMap((name) => {
    const [file, variable] = [given[`${name}File`], given[`${name}Env`]]
    const value = secrets.pick(`${name} of ${what}`, given[name], file, variable)
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...raw, ...Object.fromEntries(found) }
}

/** The keys of a kind that hold secrets. */
export function secretNames(kind: ConnectionKind): readonly string[] {
  const keys = Object.keys(CONNECTION_KINDS[kind].shape)
  return keys.filter((key) => keys.includes(`${key}File`) && keys.includes(`${key}Env`))
}

/** Every secret of a connection, for masking. */
export function secretsOf({ kind, settings, tls }: Connection): readonly string[] {
  const values = settings as Readonly<Record<string, unknown>>
  const found = secretNames(kind).map((name) => values[name])
  return [...found, tls?.key].filter((value): value is string => typeof value === 'string')
}

function tlsOf(raw: Raw, what: string, secrets: SecretReader): ConnectionTls | undefined {
  const { caFile, certFile, keyFile, insecureSkipVerify } = raw
  const read = (key: string, file: string | undefined) =>
    file === undefined ? undefined : secrets.read(`${key} of ${what}`, file)
  const [ca, cert, key] = [
    read('caFile', caFile),
    read('certFile', certFile),
    read('keyFile', keyFile),
  ]
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(insecureSkipVerify ? { insecureSkipVerify } : {}),
  }
  return Object.keys(tls).length === 0 ? undefined : tls
}

/** The connection that a project's evaluation means by a name: its own, else the one of all projects. */
export function connectionFor(
  connections: readonly ResolvedConnection[],
  name: string,
  project: string,
): Connection | undefined {
  const named = connections.filter(({ connection }) => connection.name === name)
  const own = named.find(({ projects }) => projects?.includes(project))
  return (own ?? named.find(({ projects }) => projects === undefined))?.connection
}
