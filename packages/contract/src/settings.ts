import { z } from 'zod'
import { ProvidersFile } from './connections/connections.ts'
import { parseDuration } from './duration.ts'
import { Retention } from './retention.ts'

/**
 * `tiphys.yaml`: the settings of one server. Flags are stronger than the environment, the environment is stronger than this file.
 * Our own file: an unknown key is an error. Secrets may stand in files or in the environment instead of here (`…File`, `…Env`).
 */

const Duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'expected a duration like 10s, 5m or 1h30m')
  .transform((text) => parseDuration(text) ?? 0)

const Name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
  error: 'expected lower case letters, digits and hyphens',
})

export const GitProtocol = z.enum(['https', 'ssh', 'http', 'file'])

/** One Argo CD. What `instance` in argocd.yaml names. */
const ArgoCdInstance = z.strictObject({
  name: Name.default('default'),
  url: z.url(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  tokenEnv: z.string().optional(),
  caFile: z.string().optional(),
  insecureSkipVerify: z.boolean().optional(),
})

const ArgoCd = z.strictObject({
  instances: z.array(ArgoCdInstance).max(50).default([]),
  /** How often every labelled application is looked at, whatever the notifications say. */
  reconcileEvery: Duration.optional(),
})

/** Credentials for the repositories that Argo CD reads, by the beginning of their URL; the longest that fits counts. */
const GitCredential = z.strictObject({
  match: z.string().min(1),
  user: z.string().optional(),
  password: z.string().optional(),
  passwordFile: z.string().optional(),
  passwordEnv: z.string().optional(),
  privateKeyFile: z.string().optional(),
  passphraseEnv: z.string().optional(),
})

const Git = z.strictObject({
  protocols: z.array(GitProtocol).min(1).optional(),
  credentials: z.array(GitCredential).max(100).default([]),
})

/** Load tests of all projects together. */
const LoadTests = z.strictObject({
  maxRate: z.number().positive().optional(),
  maxConnections: z.int().positive().optional(),
})

/** Programs that tests run on the server's machine; off unless `enabled`. docs/security.md says what that means. */
const Commands = z.strictObject({
  enabled: z.boolean().optional(),
  /** Names of programs, or absolute paths; unset: every program in the PATH. */
  allow: z
    .array(z.string().regex(/^[A-Za-z0-9_.+/-]{1,200}$/))
    .max(100)
    .optional(),
  maxConcurrent: z.int().min(1).max(100).optional(),
  maxOutputMb: z.int().min(1).max(1_000).optional(),
  maxFileMb: z.int().min(1).max(2_000).optional(),
  maxRunMb: z.int().min(1).max(10_000).optional(),
  path: z.string().min(1).optional(),
  /** Names of variables of the server that programs see. */
  environment: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/))
    .max(100)
    .optional(),
})

/** What /metrics shows, and to whom. */
const Metrics = z.strictObject({
  public: z.boolean().optional(),
  maxProjects: z.int().min(0).max(10_000).optional(),
  maxStages: z.int().min(0).max(1_000).optional(),
})

/** Where OpenTelemetry traces go; the OTEL_ variables of the environment are stronger. */
const Traces = z.strictObject({
  endpoint: z.string().optional(),
  serviceName: z.string().min(1).optional(),
  headers: z.record(z.string(), z.string()).optional(),
})

export const SettingsFile = z.strictObject({
  port: z.int().min(0).max(65_535).optional(),
  host: z.string().optional(),
  dataDir: z.string().optional(),
  databaseUrl: z.string().optional(),
  apiToken: z.string().optional(),
  secretKey: z.string().optional(),
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
  behindProxy: z.boolean().optional(),
  basePath: z.string().optional(),
  publicUrl: z.url().optional(),
  denyPrivate: z.boolean().optional(),
  allowLoopbackTargets: z.boolean().optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  logFormat: z.enum(['json', 'text']).optional(),
  metrics: Metrics.optional(),
  traces: Traces.optional(),
  argocd: ArgoCd.optional(),
  git: Git.optional(),
  providers: ProvidersFile.optional(),
  loadTests: LoadTests.optional(),
  commands: Commands.optional(),
  shutdownGrace: z.string().optional(),
  retention: Retention.optional(),
})
export type SettingsFile = z.infer<typeof SettingsFile>
export type ArgoCdInstanceSettings = z.infer<typeof ArgoCdInstance>
export type GitCredentialSettings = z.infer<typeof GitCredential>
export type GitProtocol = z.infer<typeof GitProtocol>
export type TracesFile = z.infer<typeof Traces>

export const SETTINGS_FILE = 'tiphys.yaml'
