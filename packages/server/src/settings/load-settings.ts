import { accessSync, constants, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { type GitProtocol, SETTINGS_FILE, SettingsFile } from '@tiphys/contract/settings.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import { type CommandSettings, commandSettings } from './command-settings.ts'
import { type Connections, resolveConnections } from './connections.ts'
import { type ObservationSettings, observationSettings } from './observation-settings.ts'
import { type OperationsSettings, operationsSettings } from './operations-settings.ts'
import {
  OTHER_ENVIRONMENT,
  SECRET_KEY_ENVIRONMENT,
  SERVER_FLAGS,
  type ServerFlag,
  type ServerFlagKey,
} from './server-flags.ts'
import { whyUnreadable } from './why-unreadable.ts'

/** Everything that a server is started with, complete and checked. */
export type ServerSettings = Connections &
  ObservationSettings &
  OperationsSettings & {
    readonly port: number
    readonly host: string
    readonly dataDir: string
    readonly apiToken?: string
    readonly secretKey?: string
    readonly tls?: { readonly certFile: string; readonly keyFile: string }
    readonly behindProxy: boolean
    /** `''` or `/tiphys`. */
    readonly basePath: string
    readonly publicUrl?: string
    readonly denyPrivate: boolean
    readonly allowLoopbackTargets: boolean
    readonly gitProtocols: readonly GitProtocol[]
    readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
    readonly reconcileEveryMs: number
    readonly maxLoadRatePerS?: number
    readonly maxLoadConnections?: number
    readonly commands?: CommandSettings
  }

export type SettingsSources = {
  /** By name without dashes, as the CLI parsed them. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Default `tiphys.yaml` in the working folder, when it is there; named explicitly it must be. */
  readonly file?: string
}

export type SettingsResult =
  | {
      readonly code: 'loaded'
      readonly settings: ServerSettings
      readonly warnings: readonly string[]
    }
  | { readonly code: 'invalid'; readonly problems: readonly string[] }

const DEFAULT_PORT = 8080
const DEFAULT_RECONCILE_MS = 60_000
const HIGHEST_PORT = 65_535
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Flags over environment over file (product.md, fixed names). Reads the file and the files it names, nothing else. */
export function loadSettings(sources: SettingsSources): SettingsResult {
  const file = readSettingsFile(sources.file)
  if ('problems' in file) return { code: 'invalid', problems: file.problems }
  const problems: string[] = []
  const given = (key: ServerFlagKey) => givenValue(key, sources, problems)
  const text = (
    key: Exclude<ServerFlagKey, 'gitProtocols' | 'metricsPublic' | 'allowCommands'>,
  ) => {
    const value = given(key) ?? file.value[key]
    return value === undefined ? undefined : String(value)
  }
  const flag = (key: 'behindProxy' | 'denyPrivate' | 'allowLoopbackTargets') =>
    (given(key) ?? file.value[key]) === true
  const connections = resolveConnections(file.value, sources.environment)
  problems.push(...connections.problems)
  const { environment } = sources
  const settings: Settled = {
    ...connections.connections,
    ...observationSettings({ file: file.value, environment, given }, problems),
    ...operationsSettings({ file: file.value, given }, problems),
    ...commandSettings({ file: file.value, environment, given }, problems),
    port: Number(text('port') ?? DEFAULT_PORT),
    host: text('host') ?? '127.0.0.1',
    dataDir: text('dataDir') ?? '.tiphys',
    apiToken: text('apiToken'),
    secretKey: sources.environment[SECRET_KEY_ENVIRONMENT] ?? file.value.secretKey,
    tlsCert: text('tlsCert'),
    tlsKey: text('tlsKey'),
    behindProxy: flag('behindProxy'),
    basePath: (text('basePath') ?? '').replace(/\/+$/, ''),
    publicUrl: text('publicUrl'),
    denyPrivate: flag('denyPrivate'),
    allowLoopbackTargets: flag('allowLoopbackTargets'),
    gitProtocols: protocolsOf(given('gitProtocols'), file.value.git?.protocols, problems),
    logLevel: LOG_LEVELS.find((level) => level === text('logLevel')) ?? 'info',
    reconcileEveryMs: file.value.argocd?.reconcileEvery ?? DEFAULT_RECONCILE_MS,
    maxLoadRatePerS: file.value.loadTests?.maxRate,
    maxLoadConnections: file.value.loadTests?.maxConnections,
  }
  const level = text('logLevel')
  if (level !== undefined && level !== settings.logLevel) {
    problems.push(`log level ${level} is not one of ${LOG_LEVELS.join(', ')}`)
  }
  problems.push(...faultsOf(settings, text('databaseUrl')))
  if (problems.length > 0) return { code: 'invalid', problems }
  return {
    code: 'loaded',
    settings: withoutUnset(settings),
    warnings: unknownEnvironment(sources.environment),
  }
}

type Unset = 'apiToken' | 'secretKey' | 'publicUrl' | 'maxLoadRatePerS' | 'maxLoadConnections'
type Settled = Omit<ServerSettings, Unset | 'tls'> & {
  readonly [key in Unset]: ServerSettings[key] | undefined
} & { readonly tlsCert: string | undefined; readonly tlsKey: string | undefined }

function withoutUnset(settings: Settled): ServerSettings {
  const { tlsCert, tlsKey, ...rest } = settings
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  const tls = tlsCert && tlsKey ? { tls: { certFile: tlsCert, keyFile: tlsKey } } : {}
  // Only keys that may be absent were left out.
  return { ...(known as unknown as ServerSettings), ...tls }
}

function readSettingsFile(
  name: string | undefined,
): { value: SettingsFile } | { problems: string[] } {
  let text: string
  try {
    text = readFileSync(name ?? SETTINGS_FILE, 'utf8')
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (isMissing && name === undefined) return { value: {} }
    return {
      problems: [
        `the settings file ${name ?? SETTINGS_FILE} cannot be read: ${whyUnreadable(error)}`,
      ],
    }
  }
  const parsed = parseYaml(SettingsFile.nullable(), text, name ?? SETTINGS_FILE, {
    unknownKeys: 'error',
  })
  return parsed.ok
    ? { value: parsed.value ?? {} }
    : { problems: parsed.problems.map(formatProblem) }
}

/** From a flag, else from the environment; undefined when neither has it. */
function givenValue(
  key: ServerFlagKey,
  sources: SettingsSources,
  problems: string[],
): string | number | boolean | undefined {
  const known = SERVER_FLAGS.find((one) => one.key === key)
  if (known === undefined) return undefined
  const fromFlag = sources.flags[known.flag]
  const name = fromFlag === undefined ? known.environment : `--${known.flag}`
  const raw = fromFlag ?? sources.environment[known.environment]
  if (raw === undefined || raw === '') return undefined
  return parsed(known, name, raw, problems)
}

function parsed(known: ServerFlag, name: string, raw: string | boolean, problems: string[]) {
  if (known.kind === 'boolean') {
    if (raw === true || raw === 'true' || raw === '1') return true
    if (raw === false || raw === 'false' || raw === '0') return false
    problems.push(`${name} is ${JSON.stringify(raw)}: expected true or false`)
    return undefined
  }
  if (known.kind !== 'integer') return String(raw)
  const number = Number(raw)
  if (Number.isInteger(number) && number >= 0 && number <= HIGHEST_PORT) return number
  problems.push(`${name} is ${JSON.stringify(raw)}: expected a number from 0 to ${HIGHEST_PORT}`)
  return undefined
}

const PROTOCOLS: readonly GitProtocol[] = ['https', 'ssh', 'http', 'file']

function protocolsOf(
  given: string | number | boolean | undefined,
  fromFile: readonly GitProtocol[] | undefined,
  problems: string[],
): readonly GitProtocol[] {
  if (given === undefined) return fromFile ?? ['https', 'ssh']
  const names = String(given)
    .split(',')
    .map((name) => name.trim())
  const unknown = names.find((name) => !PROTOCOLS.some((protocol) => protocol === name))
  if (unknown !== undefined)
    problems.push(`git protocol ${unknown} is not one of ${PROTOCOLS.join(', ')}`)
  return PROTOCOLS.filter((protocol) => names.includes(protocol))
}

function faultsOf(settings: Settled, databaseUrl: string | undefined): string[] {
  const faults: string[] = []
  if (databaseUrl) {
    faults.push(
      '--database-url: PostgreSQL is not built yet; leave it out to use the embedded store in --data-dir',
    )
  }
  const { tlsCert, tlsKey } = settings
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    faults.push('--tls-cert and --tls-key go together')
  } else {
    faults.push(...unreadable('--tls-cert', tlsCert), ...unreadable('--tls-key', tlsKey))
  }
  if (settings.basePath !== '' && !/^(\/[A-Za-z0-9._-]+)+$/.test(settings.basePath)) {
    faults.push(`--base-path is ${settings.basePath}: expected a path like /tiphys`)
  }
  if (!isLoopback(settings.host) && settings.tlsCert === undefined && !settings.behindProxy) {
    faults.push(
      `--host ${settings.host} can be reached from elsewhere, so tokens would travel in the clear: give --tls-cert and --tls-key, or --behind-proxy when a proxy ends TLS`,
    )
  }
  return faults
}

function unreadable(flag: string, file: string | undefined): string[] {
  if (file === undefined) return []
  try {
    accessSync(file, constants.R_OK)
    return []
  } catch (error) {
    return [`${flag}: ${file} cannot be read: ${whyUnreadable(error)}`]
  }
}

export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

/** A mistyped variable would be silently nothing; say it. */
function unknownEnvironment(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...SERVER_FLAGS.map((flag) => flag.environment), ...OTHER_ENVIRONMENT]
  return Object.keys(environment)
    .filter((name) => name.startsWith('TIPHYS_') && !known.includes(name))
    .map((name) => {
      const meant = didYouMean(name, known)
      return `${name} is not a setting of Tiphys${meant === undefined ? '' : `; did you mean ${meant}?`}`
    })
}
