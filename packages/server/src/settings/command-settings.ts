import { isAbsolute } from 'node:path'
import type { SettingsFile } from '@tiphys/contract/settings.ts'

/** Whether tests may run programs on this machine, which, and within what limits. */
export type CommandSettings = {
  readonly isEnabled: boolean
  /** Names, or absolute paths; undefined: every program in PATH. */
  readonly allow?: readonly string[]
  readonly maxConcurrent: number
  readonly maxOutputBytes: number
  readonly maxFileBytes: number
  readonly maxRunBytes: number
  /** Where programs are looked for. */
  readonly path: string
  /** Variables of the server that programs see. */
  readonly environment: Readonly<Record<string, string>>
}

type Sources = {
  readonly file: SettingsFile
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly given: (key: 'allowCommands') => string | number | boolean | undefined
}

const MEGABYTE = 1024 * 1024
/** Tests and the server share the machine; two at a time leave it its turn on two cores. */
const DEFAULT_CONCURRENT = 2
/** More of a log than this nobody reads. */
const DEFAULT_OUTPUT_MB = 5
/** A video or a trace of a browser test. */
const DEFAULT_FILE_MB = 50
const DEFAULT_RUN_MB = 200
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'

/** Of a server that says nothing about commands. */
export const NO_COMMANDS: CommandSettings = {
  isEnabled: false,
  maxConcurrent: DEFAULT_CONCURRENT,
  maxOutputBytes: DEFAULT_OUTPUT_MB * MEGABYTE,
  maxFileBytes: DEFAULT_FILE_MB * MEGABYTE,
  maxRunBytes: DEFAULT_RUN_MB * MEGABYTE,
  path: DEFAULT_PATH,
  environment: {},
}

export function commandSettings(
  { file, environment, given }: Sources,
  problems: string[],
): { readonly commands: CommandSettings } {
  const { commands = {} } = file
  const { allow } = commands
  const strange = allow?.find((one) => one.includes('/') && !isAbsolute(one))
  if (strange !== undefined) {
    problems.push(`commands.allow has ${strange}: expected a name like k6, or an absolute path`)
  }
  const passed = commands.environment ?? []
  const ours = passed.find((name) => name.startsWith('TIPHYS_'))
  if (ours !== undefined) {
    problems.push(`commands.environment has ${ours}: settings of Tiphys are not shown to commands`)
  }
  const bytes = (megabytes: number | undefined, usual: number) => (megabytes ?? usual) * MEGABYTE
  return {
    commands: {
      isEnabled: (given('allowCommands') ?? commands.enabled) === true,
      ...(allow === undefined ? {} : { allow }),
      maxConcurrent: commands.maxConcurrent ?? DEFAULT_CONCURRENT,
      maxOutputBytes: bytes(commands.maxOutputMb, DEFAULT_OUTPUT_MB),
      maxFileBytes: bytes(commands.maxFileMb, DEFAULT_FILE_MB),
      maxRunBytes: bytes(commands.maxRunMb, DEFAULT_RUN_MB),
      path: commands.path ?? environment['PATH'] ?? DEFAULT_PATH,
      environment: Object.fromEntries(
        passed.flatMap((name) => {
          const value = environment[name]
          return value === undefined ? [] : [[name, value]]
        }),
      ),
    },
  }
}
