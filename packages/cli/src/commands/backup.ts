import { resolve } from 'node:path'
import { formatDuration } from '@tiphys/contract/duration.ts'
import type { WrittenBackup } from '@tiphys/server/operations/backup-file.ts'
import { downloadBackup } from '../client/backup.ts'
import { connectionOf } from '../connection/connection.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { formatSize } from '../output/size.ts'
import { terminalOf } from '../output/terminal.ts'

type Options = GlobalOptions & {
  /** Without a server, on the data folder itself. */
  readonly dataDir?: string
  readonly includeSecretKey?: boolean
  readonly output?: DataFormat
}

/** Makes a backup: of the server that runs, through its API, or of a data folder that nobody uses. */
export async function backup(
  options: Options,
  [file = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const startedMs = performance.now()
  const show = progressOf(options)
  const target = resolve(file)
  const written =
    options.dataDir === undefined
      ? await fromServer(options, target, show)
      : await fromFolder(options, options.dataDir, target, show)
  show(undefined)
  const durationMs = performance.now() - startedMs
  const { manifest, sizeBytes } = written
  const { headPosition, repositories, createdAt } = manifest
  const answer = { file: target, sizeBytes, createdAt, headPosition, durationMs, manifest }
  printData(answer, options.output, () => {
    const took = formatDuration(durationMs)
    const what = `the log to position ${headPosition}, ${repositories.length} project(s)`
    return `${file}: ${formatSize(sizeBytes)} in ${took}, checked: ${what}`
  })
  if (options.quiet !== true) warnAboutKey(manifest)
  return EXIT.pass
}

type Show = (line: string | undefined) => void

async function fromServer(options: Options, file: string, show: Show): Promise<WrittenBackup> {
  const { writeBackupFile } = await import('@tiphys/server/operations/backup-file.ts')
  const { endpoint, token } = connectionOf(options)
  const connection = { endpoint, ...(token === undefined ? {} : { token }) }
  const includeSecretKey = options.includeSecretKey === true
  let totalBytes = 0
  const begin = async () => {
    show(`${endpoint} copies its log …`)
    const { sizeBytes, content } = await downloadBackup(connection, { includeSecretKey })
    totalBytes = sizeBytes
    return content
  }
  return await saying(file, () =>
    writeBackupFile(file, begin, (bytes) =>
      show(`${formatSize(bytes)} of ${formatSize(totalBytes)}`),
    ),
  )
}

async function fromFolder(
  options: Options,
  dataDir: string,
  file: string,
  show: Show,
): Promise<WrittenBackup> {
  const { backupDataFolder } = await import('@tiphys/server/offline-operations.ts')
  return await saying(file, () =>
    backupDataFolder({
      dataDir,
      file,
      includeSecretKey: options.includeSecretKey === true,
      hasKeyInSettings: Boolean(process.env['TIPHYS_SECRET_KEY']),
      onProgress: (share) => show(`log: ${Math.round(share * 100)} %`),
    }),
  )
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EACCES: 'no right to write there',
  EPERM: 'no right to write there',
  EROFS: 'the disk is read-only',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space is left on the disk',
  EFBIG: 'the file is larger than is allowed there',
}

/** Wrong use is told from what may work later. */
async function saying<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (error.name === 'DataFolderInUseError') {
      throw new CommandFailure(
        'a server runs on this data folder: leave --data-dir out, and it is backed up while it runs (--endpoint names it)',
      )
    }
    if (error.name === 'NoDataError' || error.name === 'BackupRefusedError') {
      throw new CommandFailure(error.message)
    }
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || !code.startsWith('E')) throw error
    const exitCode = code === 'ENOSPC' ? EXIT.noVerdict : EXIT.usage
    const why = REASONS[code] ?? error.message
    throw new CommandFailure(`${file} cannot be written: ${why}`, exitCode, { cause: error })
  }
}

function warnAboutKey({ secretKey, secrets }: WrittenBackup['manifest']): void {
  if (secretKey === 'included') {
    printNote(
      'The key of the secrets is in the backup: whoever has the file can read them all. Keep it like the key.',
    )
    return
  }
  if (secrets.length === 0) return
  const where = secretKey === 'settings' ? 'TIPHYS_SECRET_KEY' : 'the file secret.key'
  printNote(
    `${secrets.length} secret(s) can be read only with ${where}, which is not in the backup: keep a copy of it elsewhere.`,
  )
}

/** One line that is drawn again, where a person watches. */
function progressOf(options: Options): Show {
  const { live } = terminalOf(options, process.stderr)
  if (!live || options.quiet === true) return () => undefined
  return (line) => void process.stderr.write(`\r\u001b[2K${line ?? ''}`)
}
