import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SecuritySettingsError } from './security-settings-error.ts'

/** What secrets are encrypted with, before a key is derived from it. */
export type SecretKey = {
  readonly source: 'settings' | 'file'
  readonly material: Uint8Array
  /** The file it came from. */
  readonly file?: string
  /** One sentence about a key that is easily guessed. */
  readonly warning?: string
}

/** The key file cannot be used. Says which file and what to do. */
export class SecretKeyFileError extends SecuritySettingsError {
  override readonly name = 'SecretKeyFileError'
}

export const SECRET_KEY_FILE = 'secret.key'

const KEY_BYTES = 32
const KEY_TEXT = /^[A-Za-z0-9_-]{43}$/
const OWNER_ONLY = 0o600
const OWNER_ONLY_FOLDER = 0o700
const OTHERS = 0o077
const PERMISSIONS = 0o777
const OCTAL = 8
/** A key that people made up: shorter ones fall to a list of words in spite of scrypt. */
const SHORTEST_STRONG = 16

/**
 * The key of the settings (TIPHYS_SECRET_KEY), else the one in `<dataDir>/secret.key`, which is made when it is absent (mode 600). Throws
 * SecretKeyFileError when others can use the file or it holds no key.
 */
export async function loadSecretKey(settings: {
  readonly dataDir: string
  readonly given?: string | undefined
}): Promise<SecretKey> {
  const { dataDir, given } = settings
  if (given !== undefined && given !== '') return givenKey(given)
  const file = join(dataDir, SECRET_KEY_FILE)
  const text = (await readKeyFile(file)) ?? (await createKeyFile(dataDir, file))
  return { source: 'file', file, material: Buffer.from(text, 'base64url') }
}

function givenKey(given: string): SecretKey {
  const key = { source: 'settings' as const, material: Buffer.from(given, 'utf8') }
  if (given.length >= SHORTEST_STRONG) return key
  const warning = `TIPHYS_SECRET_KEY has ${given.length} characters and can be guessed by whoever gets a copy of the data; use ${SHORTEST_STRONG} random ones or more`
  return { ...key, warning }
}

async function readKeyFile(file: string): Promise<string | undefined> {
  let mode: number
  let text: string
  try {
    mode = (await stat(file)).mode & PERMISSIONS
    text = (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new SecretKeyFileError(`the key file ${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
  // Windows has no such modes; there the folder's access list decides.
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
    throw new SecretKeyFileError(
      `the key file ${file} can be used by others than its owner (mode ${mode.toString(OCTAL)}): chmod 600 it, and replace the secrets if somebody may have read it`,
    )
  }
  if (!KEY_TEXT.test(text)) {
    throw new SecretKeyFileError(
      `the key file ${file} holds no key: expected 43 characters of base64url; restore it from a backup`,
    )
  }
  return text
}

/** Written beside and renamed, so that a crash leaves no half of a key. Only the owner of the data folder comes here. */
async function createKeyFile(dataDir: string, file: string): Promise<string> {
  const text = randomBytes(KEY_BYTES).toString('base64url')
  const draft = `${file}.new`
  try {
    await mkdir(dataDir, { recursive: true, mode: OWNER_ONLY_FOLDER })
    await rm(draft, { force: true })
    const handle = await open(draft, 'wx', OWNER_ONLY)
    try {
      await handle.writeFile(`${text}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
    await syncFolder(dataDir)
  } catch (error) {
    throw new SecretKeyFileError(`the key file ${file} cannot be written: ${messageOf(error)}`, {
      cause: error,
    })
  }
  return text
}

/** The rename is on disk before any secret is: a secret without its key is lost. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
