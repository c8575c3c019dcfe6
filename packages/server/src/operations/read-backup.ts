import { createHash, hash } from 'node:crypto'
import {
  BACKUP_FORMAT,
  BackupManifest,
  type BackupPart,
  FORMAT_VERSION,
  MANIFEST_HASH_NAME,
  MANIFEST_NAME,
} from './backup-manifest.ts'
import { type ByteReader, createByteReader } from './byte-reader.ts'
import { BLOCK_BYTES, paddingBytes, readTarHeader, TAR_END, type TarEntry } from './tar-archive.ts'

/** A file is no backup, or not a whole one, or of a form that this version does not know. One sentence, for people. */
export class BackupFileError extends Error {
  override readonly name = 'BackupFileError'
}

export type ReadBackupOptions = {
  /** What the file is called in sentences. */
  readonly name: string
  /** Called before anything of a part is read; may refuse by throwing. */
  readonly onManifest?: (manifest: BackupManifest) => Promise<void> | void
  /** Where a part goes; without it the backup is only checked. */
  readonly writePart?: (part: BackupPart, content: AsyncIterable<Uint8Array>) => Promise<void>
}

/** A manifest names parts: as many as there are files of tests (stage-artifacts.ts), some 250 bytes each. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024

/**
 * Reads a backup to its last byte and holds everything against its hash. Throws BackupFileError at the first thing that is wrong; what
 * was written of a part by then is not to be believed.
 */
export async function readBackup(
  content: AsyncIterable<Uint8Array>,
  options: ReadBackupOptions,
): Promise<BackupManifest> {
  const bytes = createByteReader(content)
  const reading = { bytes, name: options.name }
  try {
    const manifest = await readManifest(reading)
    await options.onManifest?.(manifest)
    for (const part of manifest.parts) await readPart(reading, part, options.writePart)
    const end = await take(reading, TAR_END.length, 'its end')
    if (!end.equals(TAR_END) || !(await bytes.isAtEnd())) {
      throw damaged(reading, 'something stands behind its last part')
    }
    return manifest
  } finally {
    await bytes.close()
  }
}

type Reading = { readonly bytes: ByteReader; readonly name: string }

async function readManifest(reading: Reading): Promise<BackupManifest> {
  const header = await reading.bytes.take(BLOCK_BYTES)
  const entry = header && readTarHeader(header)
  if (entry?.name !== MANIFEST_NAME || entry.sizeBytes > MAX_MANIFEST_BYTES) {
    throw new BackupFileError(
      `${reading.name} is no backup of Tiphys: it does not begin with a ${MANIFEST_NAME}`,
    )
  }
  const text = await takeFile(reading, entry)
  const sum = await takeFile(reading, await nextEntry(reading, MANIFEST_HASH_NAME))
  if (sum.toString('latin1') !== `${hash('sha256', text, 'hex')}\n`) {
    throw damaged(reading, `its ${MANIFEST_NAME} does not have the hash that stands beside it`)
  }
  return manifestOf(reading, text.toString('utf8'))
}

function manifestOf(reading: Reading, text: string): BackupManifest {
  const { name } = reading
  const json = parsed(text)
  if (json.format !== BACKUP_FORMAT || typeof json.formatVersion !== 'number') {
    throw new BackupFileError(`${name} is no backup of Tiphys: its ${MANIFEST_NAME} is another's`)
  }
  const { formatVersion, tiphysVersion } = json
  if (formatVersion > FORMAT_VERSION) {
    throw new BackupFileError(
      `${name} was made by a newer Tiphys (${String(tiphysVersion)}, backup format ${formatVersion}; this one knows ${FORMAT_VERSION}): restore it with that version`,
    )
  }
  if (formatVersion < FORMAT_VERSION) {
    throw new BackupFileError(
      `${name} has backup format ${formatVersion}, which no Tiphys ever wrote (this one knows ${FORMAT_VERSION})`,
    )
  }
  const manifest = BackupManifest.safeParse(json)
  if (manifest.success) return manifest.data
  const [issue] = manifest.error.issues
  throw new BackupFileError(
    `${name} cannot be read: ${issue?.path.join('.')} in its ${MANIFEST_NAME}: ${issue?.message}`,
  )
}

type Claims = { readonly [key in 'format' | 'formatVersion' | 'tiphysVersion']?: unknown }

function parsed(text: string): Claims {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : {}
  } catch {
    return {}
  }
}

async function readPart(
  reading: Reading,
  part: BackupPart,
  writePart: ReadBackupOptions['writePart'],
): Promise<void> {
  const entry = await nextEntry(reading, part.name)
  if (entry.sizeBytes !== part.sizeBytes) {
    throw damaged(reading, `${part.name} has ${entry.sizeBytes} bytes, expected ${part.sizeBytes}`)
  }
  const digest = createHash('sha256')
  const { bytes } = reading
  let left = part.sizeBytes
  async function* content(): AsyncGenerator<Uint8Array> {
    while (left > 0) {
      const chunk = await bytes.takeUpTo(left)
      if (chunk === undefined) throw cutOff(reading, part.name)
      left -= chunk.length
      digest.update(chunk)
      yield chunk
    }
  }
  if (writePart === undefined) for await (const _ of content());
  else await writePart(part, content())
  await takePadding(reading, part.sizeBytes, part.name)
  if (digest.digest('hex') !== part.sha256) {
    throw damaged(reading, `${part.name} does not have the hash that its ${MANIFEST_NAME} names`)
  }
}

async function nextEntry(reading: Reading, expected: string): Promise<TarEntry> {
  const entry = readTarHeader(await take(reading, BLOCK_BYTES, expected))
  if (entry === undefined) throw damaged(reading, `the header of ${expected} is not whole`)
  if (entry.name !== expected) {
    throw damaged(reading, `${entry.name} stands where ${expected} is expected`)
  }
  return entry
}

async function takeFile(reading: Reading, entry: TarEntry): Promise<Buffer> {
  const content = await take(reading, Math.min(entry.sizeBytes, MAX_MANIFEST_BYTES), entry.name)
  await takePadding(reading, entry.sizeBytes, entry.name)
  return content
}

async function takePadding(reading: Reading, sizeBytes: number, part: string): Promise<void> {
  const padding = await take(reading, paddingBytes(sizeBytes), part)
  if (padding.some((byte) => byte !== 0)) {
    throw damaged(reading, `there is something between ${part} and what follows it`)
  }
}

async function take(reading: Reading, length: number, part: string): Promise<Buffer> {
  const taken = await reading.bytes.take(length)
  if (taken === undefined) throw cutOff(reading, part)
  return taken
}

function cutOff({ name, bytes }: Reading, part: string): BackupFileError {
  return new BackupFileError(
    `${name} is cut off after ${bytes.position()} bytes, before the end of ${part}: copy it again, or take another backup`,
  )
}

function damaged({ name }: Reading, what: string): BackupFileError {
  return new BackupFileError(`${name} is damaged: ${what}; take another backup`)
}
