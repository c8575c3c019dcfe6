import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  scryptSync,
} from 'node:crypto'
import type { SecretKey } from './secret-key.ts'

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
/** The length that GCM is made for; random, because few values are encrypted with one key. */
const NONCE_BYTES = 12
const TAG_BYTES = 16
const ID_BYTES = 8
/** About 60 ms and 32 MiB per guess at a key that people made up. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 } as const
const PURPOSE = 'tiphys secrets 1'

export type SecretCipher = {
  /** Follows from the key and tells nothing about it: tells a wrong key from damaged data. */
  readonly keyId: string
  /** base64url of nonce, ciphertext and tag. `context` is bound to it: it opens only with the same one. */
  seal(text: string, context: string): string
  /** Undefined when any bit of it, or the context, is not what was sealed. */
  open(sealed: string, context: string): string | undefined
}

/** A made-up key goes through scrypt, a generated one has nothing to be slow about. */
export function createSecretCipher(key: SecretKey, salt: Uint8Array): SecretCipher {
  const derived =
    key.source === 'settings'
      ? scryptSync(key.material, salt, KEY_BYTES, SCRYPT)
      : Buffer.from(hkdfSync('sha256', key.material, salt, PURPOSE, KEY_BYTES))
  const keyId = createHmac('sha256', derived)
    .update('key id')
    .digest()
    .subarray(0, ID_BYTES)
    .toString('hex')
  return {
    keyId,
    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(ALGORITHM, derived, nonce).setAAD(Buffer.from(context))
      const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, encrypted, cipher.getAuthTag()]).toString('base64url')
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64url')
      // Decoding is lenient; what is not exactly our text was changed.
      if (bytes.toString('base64url') !== sealed) return undefined
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
      const nonce = bytes.subarray(0, NONCE_BYTES)
      const end = bytes.length - TAG_BYTES
      const decipher = createDecipheriv(ALGORITHM, derived, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(end))
      try {
        const decrypted = decipher.update(bytes.subarray(NONCE_BYTES, end))
        return Buffer.concat([decrypted, decipher.final()]).toString('utf8')
      } catch {
        // final() throws when the tag does not fit.
        return undefined
      }
    },
  }
}
