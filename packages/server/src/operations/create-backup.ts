import { createHash, hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LogCopier, LogCopy, RepositoryCopier } from '../ports/backup.ts'
import type { Clock } from '../ports/clock.ts'
import {
  BACKUP_FORMAT,
  type BackupManifest,
  type BackupPart,
  bundlePart,
  DATABASE_PART,
  FORMAT_VERSION,
  KNOWN_HOSTS_PART,
  MANIFEST_HASH_NAME,
  MANIFEST_NAME,
  SECRET_KEY_PART,
} from './backup-manifest.ts'
import { stageArtifacts } from './stage-artifacts.ts'
import { BLOCK_BYTES, paddingBytes, TAR_END, tarHeader } from './tar-archive.ts'

/**
 * A backup is one tar file: one thing to copy, to date and to delete, and `tar` opens it where Tiphys is not at hand. Every part is first
 * copied into a folder beside the data, because its hash stands before it in the file:
 *
 *   log (one moment) ──▶ configuration repositories (later, so they hold every commit the log names) ──▶ host keys,
 *     logs and files of tests ──▶ hashes ──▶ stream
 */
export type StagedBackup = AsyncDisposable & {
  readonly manifest: BackupManifest
  readonly sizeBytes: number
  /** The file; once. */
  content(): AsyncIterable<Uint8Array>
}

export type BackupParts = {
  readonly dataDir: string
  readonly log: LogCopier
  readonly repositories: RepositoryCopier
  readonly clock: Pick<Clock, 'nowMs'>
  readonly version: string
  /** TIPHYS_SECRET_KEY is set: what is encrypted does not hang on a file. */
  readonly hasKeyInSettings: boolean
}

export type BackupWish = {
  readonly includeSecretKey?: boolean
  readonly signal?: AbortSignal
  /** Copying the log, from 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/** The backup cannot be made as asked. Says why; nothing was written. */
export class BackupRefusedError extends Error {
  override readonly name = 'BackupRefusedError'
}

/** Fewer and larger pieces: each is a turn of the event loop and of a thread. */
const CHUNK_BYTES = 1024 * 1024
const STAGING = 'backup-staging-'
/** A project that is deleted between the copy of the log and that of its repository makes the copies disagree: again. */
const MAX_TRIES = 3

export async function stageBackup(
  parts: BackupParts,
  wish: BackupWish = {},
): Promise<StagedBackup> {
  for (let attempt = 1; ; attempt++) {
    const folder = await mkdtemp(join(parts.dataDir, STAGING))
    const dispose = () => rm(folder, { recursive: true, force: true })
    try {
      const staged = await stageIn(folder, parts, wish)
      if (staged !== undefined) {
        const { manifest, files } = staged
        const text = manifestText(manifest)
        return {
          manifest,
          sizeBytes: archiveBytes(text, manifest.parts),
          content: () => archive(text, manifest, files),
          [Symbol.asyncDispose]: dispose,
        }
      }
    } catch (error) {
      await dispose()
      throw error
    }
    await dispose()
    if (attempt === MAX_TRIES) {
      throw new BackupRefusedError('projects are being deleted; try again when that is over')
    }
  }
}

/** What a killed process left behind. */
export async function removeStaging(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (name.startsWith(STAGING)) await rm(join(dataDir, name), { recursive: true, force: true })
  }
}

type Staged = {
  readonly manifest: BackupManifest
  /** By the name of the part. */
  readonly files: ReadonlyMap<string, string>
}

/** Undefined when a project lost its repository on the way. */
async function stageIn(
  folder: string,
  parts: BackupParts,
  wish: BackupWish,
): Promise<Staged | undefined> {
  const { dataDir, log, clock } = parts
  const createdMs = clock.nowMs()
  const files = new Map<string, string>()
  const place = async (name: string) => {
    const file = join(folder, name)
    await mkdir(dirname(file), { recursive: true })
    files.set(name, file)
    return file
  }
  const copy = await log.copyTo(await place(DATABASE_PART), wish)
  const repositories = await bundleAll(parts, place, wish.signal)
  const known = new Set(repositories.map(({ id }) => id))
  if (copy.projectIds.some((id) => !known.has(id))) return undefined
  await copyIfThere(join(dataDir, KNOWN_HOSTS_PART), KNOWN_HOSTS_PART, place)
  await stageArtifacts(dataDir, place, wish.signal)
  const secretKey = await stageKey(parts, wish, place)
  const sums: BackupPart[] = []
  for (const [name, file] of files) {
    wish.signal?.throwIfAborted()
    // A repository that was deleted while it was copied.
    if (!(await isThere(file))) continue
    sums.push({ name, sizeBytes: (await stat(file)).size, sha256: await hashOf(file) })
  }
  return { manifest: manifestOf(parts, createdMs, copy, { repositories, secretKey, sums }), files }
}

async function bundleAll(
  { repositories }: BackupParts,
  place: (name: string) => Promise<string>,
  signal: AbortSignal | undefined,
): Promise<{ id: string; head: string }[]> {
  const done: { id: string; head: string }[] = []
  for (const id of await repositories.ids()) {
    const result = await repositories.bundle(id, await place(bundlePart(id)), signal)
    // Whether it is missed is for the log to say.
    if (result.code === 'written') done.push({ id, head: result.head })
  }
  return done
}

async function stageKey(
  { dataDir, hasKeyInSettings }: BackupParts,
  { includeSecretKey }: BackupWish,
  place: (name: string) => Promise<string>,
): Promise<BackupManifest['secretKey']> {
  if (includeSecretKey !== true) return hasKeyInSettings ? 'settings' : 'left-out'
  if (hasKeyInSettings) {
    throw new BackupRefusedError(
      'the key of the secrets is in TIPHYS_SECRET_KEY, not in the data folder: leave --include-secret-key out and keep the key where you keep it',
    )
  }
  if (await copyIfThere(join(dataDir, SECRET_KEY_PART), SECRET_KEY_PART, place)) return 'included'
  throw new BackupRefusedError(`${dataDir} has no ${SECRET_KEY_PART} to include`)
}

async function copyIfThere(
  from: string,
  name: string,
  place: (name: string) => Promise<string>,
): Promise<boolean> {
  if (!(await isThere(from))) return false
  await copyFile(from, await place(name))
  return true
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function manifestOf(
  parts: BackupParts,
  createdMs: number,
  copy: LogCopy,
  rest: {
    readonly repositories: BackupManifest['repositories']
    readonly secretKey: BackupManifest['secretKey']
    readonly sums: BackupPart[]
  },
): BackupManifest {
  return {
    format: BACKUP_FORMAT,
    formatVersion: FORMAT_VERSION,
    tiphysVersion: parts.version,
    createdAt: new Date(createdMs).toISOString(),
    databaseForm: copy.form,
    headPosition: copy.headPosition,
    repositories: rest.repositories,
    secretKey: rest.secretKey,
    secrets: [...copy.secrets],
    parts: rest.sums,
  }
}

async function hashOf(file: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES }))
    digest.update(chunk as Buffer)
  return digest.digest('hex')
}

function manifestText(manifest: BackupManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

function archiveBytes(text: string, parts: readonly BackupPart[]): number {
  const sizes = [
    Buffer.byteLength(text),
    sumFile(text).length,
    ...parts.map((one) => one.sizeBytes),
  ]
  const files = sizes.map((sizeBytes) => BLOCK_BYTES + sizeBytes + paddingBytes(sizeBytes))
  return files.reduce((sum, bytes) => sum + bytes, TAR_END.length)
}

function sumFile(text: string): string {
  return `${hash('sha256', text, 'hex')}\n`
}

async function* archive(
  text: string,
  { createdAt, parts }: BackupManifest,
  files: Staged['files'],
): AsyncGenerator<Uint8Array> {
  const timeMs = Date.parse(createdAt)
  for (const [name, content] of [
    [MANIFEST_NAME, text],
    [MANIFEST_HASH_NAME, sumFile(text)],
  ] as const) {
    const body = Buffer.from(content)
    yield tarHeader({ name, sizeBytes: body.length, timeMs })
    yield body
    yield Buffer.alloc(paddingBytes(body.length))
  }
  for (const { name, sizeBytes } of parts) {
    yield tarHeader({ name, sizeBytes, timeMs })
    for await (const chunk of createReadStream(files.get(name) ?? '', {
      highWaterMark: CHUNK_BYTES,
    }))
      yield chunk as Buffer
    yield Buffer.alloc(paddingBytes(sizeBytes))
  }
  yield TAR_END
}
