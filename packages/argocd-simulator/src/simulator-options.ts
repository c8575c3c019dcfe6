import { z } from 'zod'
import { applicationSpecSchema } from './application/application-schema.ts'
import { parseCron } from './controller/cron.ts'
import { accountSchema, tokenSchema } from './http/tokens.ts'
import { notificationsSchema } from './notifications/settings.ts'
import { goDurationMs } from './time.ts'
import { type Timing, timingPresets } from './timing.ts'
import { defaultTraps } from './traps.ts'

const HIGHEST_PORT = 65_535

const syncWindowSchema = z.strictObject({
  kind: z.enum(['allow', 'deny']),
  schedule: z
    .string()
    .refine((line) => parseCron(line) !== undefined, 'must be a cron line of five fields'),
  duration: z
    .string()
    .refine((text) => goDurationMs(text) !== undefined, 'must be a Go duration such as 1h30m'),
  applications: z.array(z.string()).exactOptional(),
  namespaces: z.array(z.string()).exactOptional(),
  clusters: z.array(z.string()).exactOptional(),
  manualSync: z.boolean().exactOptional(),
})

const timingNames = Object.keys(timingPresets.realistic) as (keyof Timing)[]

const timingSchema = z.partialRecord(z.enum(timingNames as [keyof Timing]), z.number().min(0))

const trapsSchema = z.strictObject({
  exactContentType: z.boolean().default(defaultTraps.exactContentType),
  hideMissing: z.boolean().default(defaultTraps.hideMissing),
  reconcileLag: z.boolean().default(defaultTraps.reconcileLag),
  staleHealth: z.boolean().default(defaultTraps.staleHealth),
  duplicateNotifications: z.number().min(0).max(1).default(defaultTraps.duplicateNotifications),
  lostWatchEvents: z.number().min(0).max(1).default(defaultTraps.lostWatchEvents),
})

/** The configuration of a simulator, as options of the library and as the file of the command. */
export const simulatorOptionsSchema = z.strictObject({
  port: z.number().int().min(0).max(HIGHEST_PORT).default(0),
  host: z.string().default('127.0.0.1'),
  /** Prefix of every path, as argocd-server's --rootpath. */
  rootPath: z
    .string()
    .regex(/^(\/[\w.-]+)*$/, 'must be empty or begin with a slash and not end with one')
    .default(''),
  /** Without any, one with all rights is made up; the simulator tells it. */
  tokens: z.array(tokenSchema).default([]),
  /** For POST /api/v1/session. */
  accounts: z.array(accountSchema).default([]),
  applications: z.array(applicationSpecSchema).default([]),
  projects: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        syncWindows: z.array(syncWindowSchema).default([]),
      }),
    )
    .default([]),
  traps: trapsSchema.prefault({}),
  /** Where single times are not given, they come from this preset. */
  timingPreset: z.enum(['realistic', 'fast']).default('realistic'),
  timing: timingSchema.default({}),
  notifications: notificationsSchema.optional(),
  /** What chance decides in traps and jitter follows from this. */
  seed: z.number().int().default(1),
})

export type SimulatorOptions = z.input<typeof simulatorOptionsSchema>
export type ParsedOptions = z.output<typeof simulatorOptionsSchema>

/** The options are not what the simulator takes. `message` has one line per problem, with its path. */
export class OptionsError extends Error {
  override name = 'OptionsError'
}

/** Fills in defaults. Throws {@link OptionsError}. */
export function parseOptions(options: unknown): ParsedOptions {
  return parseWith(simulatorOptionsSchema, options ?? {})
}

/** Fills in defaults. Throws {@link OptionsError}. */
export function parseApplicationSpec(spec: unknown): z.output<typeof applicationSpecSchema> {
  return parseWith(applicationSpecSchema, spec)
}

function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => {
    const where = path.length === 0 ? 'options' : path.join('.')
    return `${where}: ${message}`
  })
  throw new OptionsError(problems.join('\n'))
}
