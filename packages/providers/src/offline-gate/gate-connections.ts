import { readFileSync } from 'node:fs'
import {
  CONNECTION_KINDS,
  type Connection,
  type ConnectionKind,
  ProvidersFile,
} from '@tiphys/contract/connections/connections.ts'
import { z } from 'zod'
import { connectionFor, resolveConnections } from '../connections/resolve-connections.ts'
import { type GateSource, InputProblem } from './gate-source.ts'
import { parseGateFile, whyNot } from './read-gate-file.ts'

/** A tiphys.yaml: whatever else it says is the server's business. */
const ConnectionsFile = z.looseObject({ providers: ProvidersFile })

export type GateConnections = ReadonlyMap<string, Connection>

/** By name: those of the file, and the one that the flags make. Throws InputProblem. */
export async function gateConnections(source: GateSource): Promise<GateConnections> {
  const connections = new Map<string, Connection>()
  for (const connection of await fromFile(source)) connections.set(connection.name, connection)
  if (source.url !== undefined) {
    const made = fromFlags(source, source.url)
    connections.set(made.name, made)
  }
  return connections
}

async function fromFile(source: GateSource): Promise<readonly Connection[]> {
  const { connections: file, environment = {}, project = '' } = source
  if (file === undefined) return []
  const { value } = await parseGateFile(source, ConnectionsFile, file, 'error')
  const complaints: string[] = []
  const resolved = resolveConnections(value.providers, secretReader(environment, complaints))
  const [complaint] = complaints
  if (complaint !== undefined) throw new InputProblem({ complaint: `${file}: ${complaint}` })
  const names = new Set(resolved.map(({ connection }) => connection.name))
  return [...names].flatMap((name) => connectionFor(resolved, name, project) ?? [])
}

function secretReader(environment: NonNullable<GateSource['environment']>, complaints: string[]) {
  const read = (what: string, file: string) => {
    try {
      return readFileSync(file, 'utf8').trimEnd()
    } catch (thrown) {
      complaints.push(`${what}: ${file} cannot be read: ${whyNot(thrown)}`)
      return undefined
    }
  }
  return {
    read,
    pick(what: string, value?: string, file?: string, variable?: string) {
      if (value !== undefined) return value
      if (file !== undefined) return read(what, file)
      if (variable === undefined) return undefined
      const found = environment[variable]
      if (!found) complaints.push(`${what}: the environment variable ${variable} is not set`)
      return found
    },
  }
}

/** `--provider prometheus --url URL`: for kinds that need no more than an address and a password or token. */
function fromFlags(source: GateSource, url: string): Connection {
  const { provider, user, password, bearerToken, headers } = source
  if (provider === undefined) {
    const kinds = Object.keys(CONNECTION_KINDS).join(', ')
    throw new InputProblem({ complaint: `--provider is missing; it is one of ${kinds}` })
  }
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    const complaint = `--url ${JSON.stringify(withoutUserinfo(url))} is not an http or https address`
    throw new InputProblem({ complaint })
  }
  const given = { url, user, password, bearerToken, headers }
  const kind = kindOf(provider)
  const known = Object.entries(given).filter(
    ([key, value]) => value !== undefined && key in CONNECTION_KINDS[kind].shape,
  )
  const settings = CONNECTION_KINDS[kind].safeParse(Object.fromEntries(known))
  if (!settings.success) {
    const reason = settings.error.issues[0]?.message ?? 'more is needed'
    const complaint = `--provider ${kind} needs more than an address (${reason}): write it as providers.${kind} into a file and name that with --connections`
    throw new InputProblem({ complaint })
  }
  // Kind and settings belong together: the settings were read by the kind's own schema.
  return { kind, name: kind, settings: settings.data } as Connection
}

export function kindOf(provider: string): ConnectionKind {
  // The keys of the record are the kinds.
  const kinds = Object.keys(CONNECTION_KINDS) as ConnectionKind[]
  const kind = kinds.find((one) => one === provider)
  if (kind !== undefined) return kind
  const complaint = `--provider ${provider} is not known here; it is one of ${kinds.join(', ')}, or the name of a connection in the file of --connections`
  throw new InputProblem({ complaint })
}

export function withoutUserinfo(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//')
}
