import { join } from 'node:path'
import { runStream } from '@tiphys/core/sequence/begin-run.ts'
import { createFolderArtifacts } from './adapters/artifacts/folder-artifacts.ts'
import { createChildProcesses } from './adapters/processes/child-processes.ts'
import type { CommandPowers } from './executors/test/command/command-powers.ts'
import type { Artifacts } from './ports/artifacts.ts'
import type { Clock } from './ports/clock.ts'
import type { Configuration } from './ports/configuration.ts'
import type { Log } from './ports/log.ts'
import type { Store } from './ports/store.ts'
import { createMask } from './security/mask.ts'
import { type CommandSettings, NO_COMMANDS } from './settings/command-settings.ts'
import type { ServerSettings } from './settings/load-settings.ts'

export const ARTIFACTS_FOLDER = 'artifacts'
/** More files than any report has; each costs a line in a list that is read as a whole. */
const MAX_RUN_FILES = 2_000

/** Where logs and files of tests are kept. */
export function composeArtifacts(parts: {
  readonly settings: Pick<ServerSettings, 'dataDir' | 'commands'>
  readonly clock: Clock
}): Artifacts {
  const { dataDir, commands = NO_COMMANDS } = parts.settings
  const { maxFileBytes, maxRunBytes } = commands
  return createFolderArtifacts({
    folder: join(dataDir, ARTIFACTS_FOLDER),
    limits: { maxFileBytes, maxRunBytes, maxRunFiles: MAX_RUN_FILES },
    clock: parts.clock,
  })
}

/** What anybody may know of it. */
export function commandFacts({ commands = NO_COMMANDS }: Pick<ServerSettings, 'commands'>) {
  const { isEnabled: enabled, allow } = commands
  return { commands: { enabled, ...(allow === undefined ? {} : { allow }) } }
}

/** What tests need to run programs; ends first what a killed server left running. */
export async function composeCommands(parts: {
  readonly settings: ServerSettings
  readonly artifacts: Artifacts
  readonly configuration: Pick<Configuration, 'read'>
  readonly secrets: () => readonly string[]
}): Promise<CommandPowers> {
  const { settings, artifacts, configuration, secrets } = parts
  const commands = settings.commands ?? NO_COMMANDS
  const processes = createChildProcesses({ notesFolder: join(settings.dataDir, 'commands') })
  await processes.endLeftOvers()
  const passed = secretVariables(commands)
  return {
    settings: commands,
    processes,
    artifacts,
    readFile: ({ projectId, snapshot }, { place, uri }) =>
      configuration.read(projectId, place, uri, snapshot.pin),
    mask: createMask(() => [...secrets(), ...passed]),
    baseUrl: settings.publicUrl?.replace(/\/+$/, '') ?? settings.basePath,
  }
}

/** Values that the operator shows to commands and nobody should read in a log. */
function secretVariables({ environment }: CommandSettings): readonly string[] {
  const isSecret = (name: string) => /TOKEN|SECRET|PASSW|CREDENTIAL|(?:^|_)KEY/i.test(name)
  return Object.entries(environment).flatMap(([name, value]) => (isSecret(name) ? [value] : []))
}

/** Removes files of runs that the log knows no more: a deletion that was interrupted, or a backup that was restored. */
export function startArtifactSweep(parts: {
  readonly artifacts: Artifacts
  readonly store: Pick<Store, 'read'>
  readonly log: Pick<Log, 'warn'>
}): () => Promise<void> {
  const { artifacts, store, log } = parts
  const stop = new AbortController()
  async function sweep(): Promise<void> {
    for (const { projectId, runId } of await artifacts.runs()) {
      if (stop.signal.aborted) return
      const [first] = await store.read(runStream(projectId, runId), 1, 1)
      if (first === undefined) await artifacts.forgetRuns(projectId, [runId])
    }
  }
  const sweeping = sweep().catch((error: unknown) => {
    if (!stop.signal.aborted) log.warn({ error }, 'files of deleted runs could not be removed')
  })
  return async () => {
    stop.abort()
    await sweeping
  }
}
