import { readFileSync } from 'node:fs'
import type {
  ArgoCdInstanceSettings,
  GitCredentialSettings,
  SettingsFile,
} from '@tiphys/contract/settings.ts'
import {
  resolveConnections as providersOf,
  type ResolvedConnection,
} from '@tiphys/providers/connections/resolve-connections.ts'
import { whyUnreadable } from './why-unreadable.ts'

/** What the operator connected, with its secrets read from where they are kept. */
export type Connections = {
  readonly argocd: readonly ArgoCdSetting[]
  readonly gitCredentials: readonly GitCredentialSetting[]
  readonly providers: readonly ResolvedConnection[]
}

export type ArgoCdSetting = {
  readonly name: string
  readonly url: string
  readonly token: string
  readonly caCertificate?: string
  readonly insecureSkipVerify?: boolean
}

export type GitCredentialSetting = {
  /** Beginning of a repository URL. */
  readonly match: string
  readonly credentials:
    | { readonly kind: 'password'; readonly user: string; readonly password: string }
    | { readonly kind: 'ssh-key'; readonly privateKey: string; readonly passphrase?: string }
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the secrets that the settings name. A secret that cannot be had is a problem, said without its value. */
export function resolveConnections(
  file: SettingsFile,
  environment: Environment,
): { readonly connections: Connections; readonly problems: readonly string[] } {
  const problems: string[] = []
  const secrets = new SecretSource(environment, problems)
  const connections = {
    argocd: (file.argocd?.instances ?? []).map((one) => argocdOf(one, secrets)),
    gitCredentials: (file.git?.credentials ?? []).map((one) => gitOf(one, secrets)),
    providers: providersOf(file.providers ?? {}, secrets),
  }
  const names = connections.argocd.map((one) => one.name)
  for (const name of names.filter((one, index) => names.indexOf(one) !== index)) {
    problems.push(`argocd.instances: ${name} is there twice`)
  }
  problems.push(...providersTwice(connections.providers))
  return { connections, problems }
}

/** One name means one connection for a project, or evaluations would ask whichever comes first. */
function providersTwice(providers: readonly ResolvedConnection[]): readonly string[] {
  const places = providers.flatMap(({ connection, projects }) =>
    (projects ?? ['']).map((project) => ({ name: connection.name, project })),
  )
  const twice = places.filter((place, index) =>
    places.slice(0, index).some((one) => one.name === place.name && one.project === place.project),
  )
  return twice.map(({ name, project }) =>
    project === ''
      ? `providers: ${name} is there twice for all projects; name or projects tells them apart`
      : `providers: ${name} is there twice for project ${project}`,
  )
}

class SecretSource {
  readonly #environment: Environment
  readonly #problems: string[]

  constructor(environment: Environment, problems: string[]) {
    this.#environment = environment
    this.#problems = problems
  }

  /** The first that is given: the value itself, a file, a variable. */
  pick(what: string, value?: string, file?: string, variable?: string): string | undefined {
    if (value !== undefined) return value
    if (file !== undefined) return this.read(what, file)
    if (variable === undefined) return undefined
    const found = this.#environment[variable]
    if (!found) this.#problems.push(`${what}: the environment variable ${variable} is not set`)
    return found
  }

  read(what: string, file: string): string | undefined {
    try {
      return readFileSync(file, 'utf8').trimEnd()
    } catch (error) {
      this.#problems.push(`${what}: ${file} cannot be read: ${whyUnreadable(error)}`)
      return undefined
    }
  }

  need(what: string, value: string | undefined): string {
    if (value === undefined) this.#problems.push(`${what} is missing`)
    return value ?? ''
  }
}

function argocdOf(one: ArgoCdInstanceSettings, secrets: SecretSource): ArgoCdSetting {
  const what = `the token of Argo CD ${one.name}`
  const token = secrets.pick(what, one.token, one.tokenFile, one.tokenEnv)
  const isGiven = one.tokenFile !== undefined || one.tokenEnv !== undefined
  const ca =
    one.caFile === undefined ? undefined : secrets.read(`caFile of Argo CD ${one.name}`, one.caFile)
  return {
    name: one.name,
    url: one.url,
    token: isGiven ? (token ?? '') : secrets.need(what, token),
    ...(ca === undefined ? {} : { caCertificate: ca }),
    ...(one.insecureSkipVerify ? { insecureSkipVerify: true } : {}),
  }
}

function gitOf(one: GitCredentialSettings, secrets: SecretSource): GitCredentialSetting {
  const what = `git credentials for ${one.match}`
  if (one.privateKeyFile !== undefined) {
    // A key file ends with a line break that ssh insists on.
    const privateKey = `${secrets.read(what, one.privateKeyFile) ?? ''}\n`
    const passphrase = secrets.pick(what, undefined, undefined, one.passphraseEnv)
    const credentials = {
      kind: 'ssh-key' as const,
      privateKey,
      ...(passphrase === undefined ? {} : { passphrase }),
    }
    return { match: one.match, credentials }
  }
  const isGiven = one.passwordFile !== undefined || one.passwordEnv !== undefined
  const found = secrets.pick(what, one.password, one.passwordFile, one.passwordEnv)
  const password = isGiven
    ? (found ?? '')
    : secrets.need(`${what}: password or privateKeyFile`, found)
  return { match: one.match, credentials: { kind: 'password', user: one.user ?? 'git', password } }
}
