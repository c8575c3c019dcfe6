import { createReadStream } from 'node:fs'
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { RepositoryCopier } from '../ports/backup.ts'
import type { Clock } from '../ports/clock.ts'
import type { Documents } from '../ports/documents.ts'
import type { Store } from '../ports/store.ts'
import { syncFolder } from './backup-file.ts'
import {
  type BackupManifest,
  type BackupPart,
  bundlePart,
  DATABASE_PART,
  SECRET_KEY_PART,
} from './backup-manifest.ts'
import { BackupFileError, readBackup } from './read-backup.ts'
import { forgetWhatRestoresMakeWrong, missingCommits, recordRestore } from './restored-state.ts'

/**
 * Makes a data folder from a backup:
 *
 *   folder empty, and nobody's ──▶ every part out, held against its hash ──▶ verify the log ──▶ repositories
 *     ──▶ mend what is no longer true ──▶ move into place, the database last
 *
 * Everything happens in a folder inside the new one, so that what was not finished is no data folder.
 */
export type RestoreParts = {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly newId: () => string
  /** The newest form of tables that is known. */
  readonly newestForm: number
  /** Makes this process the owner of a data folder; throws DataFolderInUseError. */
  readonly holdOwner: (dataDir: string) => { release(): void }
  readonly openLog: (file: string) => {
    readonly store: Store
    readonly documents: Documents
    close(): Promise<void>
  }
  /** Leaves positions out, behind the last one. */
  readonly leaveGap: (file: string) => void
  readonly repositories: (folder: string) => Promise<RepositoryCopier>
}

export type RestoreWish = {
  readonly file: string
  readonly dataDir: string
  /** Throw away secrets that the lost key encrypted. */
  readonly forgetSecrets?: boolean
  readonly onStep?: (step: RestoreStep) => void
}

export type RestoreStep = 'extract' | 'verify' | 'repositories'

export type Restored = {
  readonly manifest: BackupManifest
  readonly sizeBytes: number
  readonly rows: number
  /** Sequences that go on when a server starts. */
  readonly openRuns: number
  /** They need the key that is not in the backup. */
  readonly unreadableSecrets: BackupManifest['secrets']
  readonly forgottenSecrets: number
  /** Commits that open runs are pinned to and no repository has: their runs cannot go on. */
  readonly missingCommits: readonly string[]
}

/** The folder that was named cannot take a backup. */
export class RestoreRefusedError extends Error {
  override readonly name = 'RestoreRefusedError'
}

const CHUNK_BYTES = 1024 * 1024
const UNFINISHED = 'restore.partial'
const LOCK_FILE = `${DATABASE_PART}.lock`
const OWNER_ONLY = 0o600
const OWNER_ONLY_FOLDER = 0o700

export async function restoreBackup(parts: RestoreParts, wish: RestoreWish): Promise<Restored> {
  const { file, dataDir } = wish
  const { size: sizeBytes } = await stat(file)
  await mkdir(dataDir, { recursive: true, mode: OWNER_ONLY_FOLDER })
  const lock = await takeEmptyFolder(parts, dataDir)
  const unfinished = join(dataDir, UNFINISHED)
  try {
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(unfinished, { mode: OWNER_ONLY_FOLDER })
    wish.onStep?.('extract')
    const manifest = await extract(parts, file, unfinished)
    const state = await openRestored(parts, wish, unfinished, manifest)
    await moveIntoPlace(unfinished, dataDir)
    return { manifest, sizeBytes, ...state }
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  } finally {
    lock.release()
  }
}

/** Whoever holds the lock of a folder that is not empty is told of first: it is the better sentence. */
async function takeEmptyFolder({ holdOwner }: RestoreParts, dataDir: string) {
  const before = (await readdir(dataDir)).sort()
  const lock = before.includes(LOCK_FILE) ? holdOwner(dataDir) : undefined
  const others = before.filter(
    (name) => !name.startsWith(`${DATABASE_PART}.`) && name !== UNFINISHED,
  )
  if (others.length > 0) {
    lock?.release()
    throw new RestoreRefusedError(
      `${dataDir} is not empty (${others[0]} is in it): name an empty folder, or a new one`,
    )
  }
  return lock ?? holdOwner(dataDir)
}

async function extract(
  { newestForm }: RestoreParts,
  file: string,
  folder: string,
): Promise<BackupManifest> {
  const name = basename(file)
  return await readBackup(createReadStream(file, { highWaterMark: CHUNK_BYTES }), {
    name,
    onManifest({ databaseForm, tiphysVersion }) {
      if (databaseForm <= newestForm) return
      throw new BackupFileError(
        `${name} was made by a newer Tiphys (${tiphysVersion}, form ${databaseForm} of its tables; this one knows ${newestForm}): restore it with that version`,
      )
    },
    writePart: (part, content) => writePart(join(folder, part.name), part, content),
  })
}

async function writePart(
  file: string,
  _part: BackupPart,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: OWNER_ONLY_FOLDER })
  const handle = await open(file, 'wx', OWNER_ONLY)
  try {
    for await (const chunk of content) await handle.writeFile(chunk)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

type RestoredState = Omit<Restored, 'manifest' | 'sizeBytes'>

async function openRestored(
  parts: RestoreParts,
  wish: RestoreWish,
  folder: string,
  manifest: BackupManifest,
): Promise<RestoredState> {
  const database = join(folder, DATABASE_PART)
  const { store, documents, close } = parts.openLog(database)
  let state: RestoredState
  try {
    wish.onStep?.('verify')
    const rows = await verifiedRows(store, basename(wish.file))
    wish.onStep?.('repositories')
    const repositories = await restoreRepositories(parts, folder, manifest)
    const nowMs = parts.clock.nowMs()
    await recordRestore(store, { id: parts.newId(), nowMs, manifest })
    const forgotten = await forgetWhatRestoresMakeWrong(
      documents,
      nowMs,
      wish.forgetSecrets === true,
    )
    const open = (await store.openStreams()).filter((name) => name.startsWith('run/'))
    const isUnreadable = manifest.secretKey === 'left-out' && wish.forgetSecrets !== true
    state = {
      rows,
      openRuns: open.length,
      unreadableSecrets: isUnreadable ? manifest.secrets : [],
      forgottenSecrets: forgotten,
      missingCommits: await missingCommits(store, open, repositories),
    }
  } finally {
    await close()
  }
  parts.leaveGap(database)
  return state
}

async function verifiedRows(store: Store, name: string): Promise<number> {
  const { rows, broken, missing } = await store.verify()
  if (broken !== undefined) {
    throw new BackupFileError(
      `${name} holds a log that was damaged before it was backed up: row ${broken.version} of stream ${broken.stream} is not what its hash says; take an older backup`,
    )
  }
  if (missing !== undefined) {
    throw new BackupFileError(
      `${name} holds a log that had lost ${missing.count} row(s) between the positions ${missing.first} and ${missing.last} before it was backed up; take an older backup`,
    )
  }
  return rows
}

async function restoreRepositories(
  parts: RestoreParts,
  folder: string,
  manifest: BackupManifest,
): Promise<RepositoryCopier> {
  const repositories = await parts.repositories(folder)
  for (const { id, head } of manifest.repositories) {
    const bundle = join(folder, bundlePart(id))
    await repositories.unbundle(id, bundle, head)
    await rm(bundle)
  }
  return repositories
}

/** The database comes last: without it there is no data folder. */
async function moveIntoPlace(folder: string, dataDir: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${DATABASE_PART}.`)) await rm(join(folder, name))
  }
  const names = (await readdir(folder)).filter((name) => name !== DATABASE_PART)
  if (names.includes(SECRET_KEY_PART)) await chmod(join(folder, SECRET_KEY_PART), OWNER_ONLY)
  for (const name of [...names, DATABASE_PART])
    await rename(join(folder, name), join(dataDir, name))
  await rm(folder, { recursive: true })
  await syncFolder(dataDir)
}
