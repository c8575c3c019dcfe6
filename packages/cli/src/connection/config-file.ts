import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { CommandFailure } from '../failure.ts'

/** What `tiphys auth` remembers. The file is readable by its owner only. */
const ConfigFile = z.strictObject({
  endpoint: z.string(),
  apiToken: z.string(),
})
export type ConfigFile = z.infer<typeof ConfigFile>

const OWNER_ONLY = 0o600
const OWNER_ONLY_DIRECTORY = 0o700

export function configPath(flag: string | undefined, environment: NodeJS.ProcessEnv): string {
  if (flag !== undefined) return flag
  const base = environment['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  return join(base, 'tiphys', 'config.json')
}

/** Undefined when there is none yet. */
export function readConfig(path: string): ConfigFile | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CommandFailure(`cannot read ${path}: ${(error as Error).message}`)
  }
  const result = ConfigFile.safeParse(jsonOf(text))
  if (result.success) return result.data
  throw new CommandFailure(
    `${path} is not a file that tiphys auth wrote; run it again, or remove the file`,
  )
}

/** Written aside and moved into place: a reader sees the old one or the new one, and it is never open to others. */
export function writeConfig(path: string, config: ConfigFile): void {
  const aside = `${path}.${process.pid}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY_DIRECTORY })
    writeFileSync(aside, `${JSON.stringify(config, null, 2)}\n`, { mode: OWNER_ONLY })
    renameSync(aside, path)
  } catch (error) {
    throw new CommandFailure(`cannot write ${path}: ${(error as Error).message}`)
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
