import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { BackupManifest } from './backup-manifest.ts'
import { readBackup } from './read-backup.ts'

export type WrittenBackup = { readonly manifest: BackupManifest; readonly sizeBytes: number }

const OWNER_ONLY = 0o600
const NAME_BYTES = 6

/**
 * Writes a backup that streams in to a file, and checks it on the way: under its name there is either nothing (or what was there
 * before), or a whole backup that is on disk. Readable for its owner alone, because the tokens' hashes and the events are in it.
 */
export async function writeBackupFile(
  file: string,
  /** Called when the file can be written. */
  begin: () => Promise<AsyncIterable<Uint8Array>> | AsyncIterable<Uint8Array>,
  onBytes: (written: number) => void = () => {},
): Promise<WrittenBackup> {
  const folder = dirname(file)
  const draft = join(
    folder,
    `.${basename(file)}.${randomBytes(NAME_BYTES).toString('hex')}.partial`,
  )
  const handle = await open(draft, 'wx', OWNER_ONLY)
  let sizeBytes = 0
  async function* written(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      await handle.writeFile(chunk)
      sizeBytes += chunk.length
      onBytes(sizeBytes)
      yield chunk
    }
  }
  try {
    const manifest = await readBackup(written(await begin()), { name: 'the backup' })
    await handle.sync()
    await handle.close()
    await rename(draft, file)
    await syncFolder(folder)
    return { manifest, sizeBytes }
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(draft, { force: true })
    throw error
  }
}

/** A rename is on disk when its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
