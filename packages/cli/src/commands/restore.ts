import { formatDuration } from '@tiphys/contract/duration.ts'
import type { Restored, RestoreStep } from '@tiphys/server/operations/restore-backup.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { formatSize } from '../output/size.ts'
import { ownName } from '../own-name.ts'

type Options = GlobalOptions & {
  readonly dataDir: string
  readonly forgetSecrets?: boolean
  readonly output?: DataFormat
}

const STEPS: Readonly<Record<RestoreStep, string>> = {
  extract: 'Reading the backup, and holding every part against its hash …',
  verify: 'Verifying the log: the hash chain of every stream …',
  repositories: 'Restoring the configuration of the projects …',
}

const REFUSALS = [
  'BackupFileError',
  'RestoreRefusedError',
  'DataFolderInUseError',
  'NewerDataError',
]

/** Makes a data folder from a backup. A server is started on it afterwards. */
export async function restore(
  options: Options,
  [file = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const { dataDir } = options
  const startedMs = performance.now()
  const say = (line: string) => {
    if (options.quiet !== true) printNote(line)
  }
  const restored = await restoring(options, file, (step) => say(STEPS[step]))
  const durationMs = performance.now() - startedMs
  const { rows, openRuns, manifest, sizeBytes } = restored
  const answer = { dataDir, durationMs, ...restored, file }
  printData(answer, options.output, () => {
    const what = `${rows} events, ${manifest.repositories.length} project(s), ${openRuns} open sequence(s)`
    const backup = `backup of ${manifest.createdAt}, ${formatSize(sizeBytes)}`
    return `${dataDir}: ${what} (${backup}), verified in ${formatDuration(durationMs)}`
  })
  for (const line of missing(restored, dataDir)) printNote(line)
  say(`Start the server on it: ${ownName()} serve --data-dir ${dataDir}`)
  return EXIT.pass
}

async function restoring(
  options: Options,
  file: string,
  onStep: (step: RestoreStep) => void,
): Promise<Restored> {
  const { restoreDataFolder } = await import('@tiphys/server/offline-operations.ts')
  const { dataDir, forgetSecrets = false } = options
  try {
    return await restoreDataFolder({ file, dataDir, forgetSecrets, onStep })
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (REFUSALS.includes(error.name)) throw new CommandFailure(error.message)
    const { code, path } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && path === file) throw new CommandFailure(`there is no file ${file}`)
    throw error
  }
}

/** What the backup did not bring, and what to do about it. */
function missing(restored: Restored, dataDir: string): string[] {
  const { manifest, unreadableSecrets, forgottenSecrets, missingCommits } = restored
  const lines: string[] = []
  if (unreadableSecrets.length > 0) {
    const names = unreadableSecrets.map(({ name, scope }) => `${name} (${scope})`).join(', ')
    lines.push(
      `Missing: secret.key of the old data folder. Put it into ${dataDir} (mode 600) before the server starts; without it these cannot be read: ${names}. Is it lost? Restore again with --forget-secrets and write them anew.`,
    )
  }
  if (manifest.secretKey === 'settings' && manifest.secrets.length > 0 && forgottenSecrets === 0) {
    lines.push('Start the server with the TIPHYS_SECRET_KEY that it had.')
  }
  if (forgottenSecrets > 0) lines.push(`${forgottenSecrets} secret(s) were thrown away.`)
  if (missingCommits.length > 0) {
    lines.push(
      `Missing: the commits ${missingCommits.join(', ')}, which open sequences are pinned to; those cannot go on.`,
    )
  }
  return lines
}
