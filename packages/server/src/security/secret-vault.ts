import { randomBytes } from 'node:crypto'
import type { Documents } from '../ports/documents.ts'
import { createSecretCipher, type SecretCipher } from './secret-cipher.ts'
import { SECRET_KEY_FILE, type SecretKey } from './secret-key.ts'
import { SecuritySettingsError } from './security-settings-error.ts'

export const SECRET_KIND = 'secret'
/** Upstreams of projects hold secrets too, encrypted with the same key. */
export const UPSTREAM_KIND = 'upstream'
/** One document: the salt, and the id of the key that every secret is encrypted with. */
const KEY_KIND = 'secret-key'
const CURRENT = 'current'
const SALT_BYTES = 16

/** The server was started with another key than the one that its secrets are encrypted with. */
export class SecretKeyMismatchError extends SecuritySettingsError {
  override readonly name = 'SecretKeyMismatchError'
}

/** The cipher for what is stored. Without secrets any key will do, and becomes theirs. */
export async function openSecretCipher(
  documents: Documents,
  key: SecretKey,
): Promise<SecretCipher> {
  const stored = await documents.get(KEY_KIND, CURRENT)
  const salt = stored?.['salt']
  if (typeof salt === 'string') {
    const cipher = createSecretCipher(key, Buffer.from(salt, 'base64url'))
    if (cipher.keyId === stored?.['keyId']) return cipher
  }
  const count = (await sealedDocuments(documents)).length
  if (count > 0) throw mismatch(count, String(stored?.['source']), key)
  const newSalt = randomBytes(SALT_BYTES)
  const cipher = createSecretCipher(key, newSalt)
  await documents.put(KEY_KIND, CURRENT, {
    salt: newSalt.toString('base64url'),
    keyId: cipher.keyId,
    source: key.source,
  })
  return cipher
}

/**
 * Deletes every secret and what is known of their key, for an operator who lost the key. Answers how many there were; they must be written
 * again.
 */
export async function forgetSecrets(documents: Documents): Promise<number> {
  const secrets = await documents.list(SECRET_KIND)
  for (const { key } of secrets) await documents.delete(SECRET_KIND, key)
  // An upstream stays known without its credentials: its project says that they must be given again.
  const upstreams = await documents.list(UPSTREAM_KIND)
  const sealed = upstreams.filter(({ body }) => typeof body['sealed'] === 'string')
  for (const { key, body } of sealed) {
    const { sealed: _, ...rest } = body
    await documents.put(UPSTREAM_KIND, key, rest)
  }
  await documents.delete(KEY_KIND, CURRENT)
  return secrets.length + sealed.length
}

async function sealedDocuments(documents: Documents) {
  const upstreams = await documents.list(UPSTREAM_KIND)
  return [
    ...(await documents.list(SECRET_KIND)),
    ...upstreams.filter(({ body }) => typeof body['sealed'] === 'string'),
  ]
}

function mismatch(count: number, storedSource: string, key: SecretKey): SecretKeyMismatchError {
  const used = key.source === 'settings' ? 'the one in TIPHYS_SECRET_KEY' : `the one in ${key.file}`
  const needed =
    storedSource === 'settings'
      ? 'start with the TIPHYS_SECRET_KEY that was set when they were written'
      : `restore the file ${SECRET_KEY_FILE} of the data folder that they were written with, and leave TIPHYS_SECRET_KEY unset`
  return new SecretKeyMismatchError(
    `${count} stored secret${count === 1 ? ' is' : 's are'} encrypted with another key than ${used}: ${needed}`,
  )
}
