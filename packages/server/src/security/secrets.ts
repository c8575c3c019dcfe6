import type { JsonObject } from '@tiphys/contract/json.ts'
import type { SecretData, SecretsPart } from '../api/secrets-part.ts'
import type { Documents } from '../ports/documents.ts'
import type { Log } from '../ports/log.ts'
import type { SecretCipher } from './secret-cipher.ts'
import type { SecretKey } from './secret-key.ts'
import { faultOfSecret } from './secret-name.ts'
import { openSecretCipher, SECRET_KIND } from './secret-vault.ts'

/** Secrets, encrypted at rest. Fits `secrets` of the API's parts, which can only write. */
export type Secrets = SecretsPart & {
  /** For executors and providers. Undefined when there is none. Throws SecretDamagedError. */
  reveal(name: string, scope: string): Promise<SecretData | undefined>
  /** Every value that was known since the start, for masking. */
  knownValues(): readonly string[]
  /** Encrypts secrets that are part of something else that is stored. `context` names that, and is bound to the answer. */
  sealPart(context: string, data: SecretData): string
  /** Undefined when it was sealed for something else, with another key, or was changed since. */
  openPart(context: string, sealed: string): SecretData | undefined
}

export type SecretsParts = {
  readonly documents: Documents
  readonly key: SecretKey
  readonly log?: Log
}

/** The key fits and the stored secret does not: somebody changed or moved the row, or the disk lost some of it. */
export class SecretDamagedError extends Error {
  override readonly name = 'SecretDamagedError'
}

/** Values that left are masked too, as long as tasks may still hold them; the oldest are forgotten first. */
const MOST_KNOWN_VALUES = 10_000

type Sealed = { readonly name: string; readonly scope: string; readonly keys: readonly string[] }

/** Throws SecretKeyMismatchError when the stored secrets were encrypted with another key. */
export async function createSecrets({ documents, key, log }: SecretsParts): Promise<Secrets> {
  const cipher = await openSecretCipher(documents, key)
  const known = new Set<string>(ownTextOf(key))
  let knownList: readonly string[] = [...known]

  function learn(data: SecretData): void {
    const values = Object.values(data).filter((value) => value !== '' && !known.has(value))
    if (values.length === 0) return
    for (const value of values) known.add(value)
    for (const value of known) {
      if (known.size <= MOST_KNOWN_VALUES) break
      known.delete(value)
    }
    knownList = [...known]
  }

  for (const { body } of await documents.list(SECRET_KIND)) {
    const data = unseal(cipher, body)
    // It can still be listed, replaced and deleted; only its use fails.
    if (data === undefined) log?.error(placeOf(body), 'a stored secret is damaged')
    else learn(data)
  }

  return {
    knownValues: () => knownList,
    sealPart(context, data) {
      learn(data)
      return cipher.seal(JSON.stringify(data), partContext(context))
    },
    openPart(context, sealed) {
      const text = cipher.open(sealed, partContext(context))
      if (text === undefined) return undefined
      // What opens was written by sealPart.
      const data = JSON.parse(text) as SecretData
      learn(data)
      return data
    },
    async list() {
      return (await documents.list(SECRET_KIND)).map(({ body }) => sealedOf(body))
    },
    async put(secret, mode, actor) {
      const { name, scope, data } = secret
      const fault = faultOfSecret(secret)
      if (fault !== undefined) return { code: 'invalid', message: fault }
      const id = documentKey(name, scope)
      if (mode === 'replace' && (await documents.get(SECRET_KIND, id)) === undefined) {
        return { code: 'not-found', message: `Secret not found: ${name} in scope ${scope}` }
      }
      learn(data)
      const body = seal(cipher, secret)
      const isWritten = await documents.put(SECRET_KIND, id, body, { ifAbsent: mode === 'create' })
      if (!isWritten) {
        return { code: 'exists', message: `Secret already exists: ${name} in scope ${scope}` }
      }
      log?.info(
        { name, scope, by: actor.name },
        mode === 'create' ? 'secret created' : 'secret replaced',
      )
      return { code: 'written' }
    },
    async delete(name, scope, actor) {
      const wasThere = await documents.delete(SECRET_KIND, documentKey(name, scope))
      if (wasThere) log?.info({ name, scope, by: actor.name }, 'secret deleted')
      return wasThere
    },
    async reveal(name, scope) {
      const body = await documents.get(SECRET_KIND, documentKey(name, scope))
      if (body === undefined) return undefined
      const asked = { ...body, name, scope }
      const data = unseal(cipher, asked)
      if (data === undefined) {
        throw new SecretDamagedError(
          `the secret ${name} in scope ${scope} was changed or damaged where it is stored; write it again`,
        )
      }
      learn(data)
      return data
    },
  }
}

function partContext(context: string): string {
  return JSON.stringify(['part', context])
}

/** Scopes hold no slash (secret-name.ts). */
function documentKey(name: string, scope: string): string {
  return `${scope}/${name}`
}

function seal(
  cipher: SecretCipher,
  { name, scope, data }: { name: string; scope: string; data: SecretData },
): JsonObject {
  const place = { name, scope, keys: Object.keys(data).sort() }
  return {
    ...place,
    keyId: cipher.keyId,
    sealed: cipher.seal(JSON.stringify(data), contextOf(place)),
  }
}

function unseal(cipher: SecretCipher, body: JsonObject): SecretData | undefined {
  const { sealed } = body
  if (typeof sealed !== 'string') return undefined
  const text = cipher.open(sealed, contextOf(sealedOf(body)))
  // What opens was written by seal.
  return text === undefined ? undefined : (JSON.parse(text) as SecretData)
}

/** Bound to the ciphertext: a row that is copied under another name or scope does not open. */
function contextOf({ name, scope, keys }: Sealed): string {
  return JSON.stringify(['secret', scope, name, keys])
}

function sealedOf(body: JsonObject): Sealed {
  const { name, scope, keys } = body as unknown as Sealed
  return { name, scope, keys }
}

function placeOf(body: JsonObject): object {
  const { name, scope } = sealedOf(body)
  return { name, scope }
}

/** The key itself, as somebody would write it, must not appear anywhere either. */
function ownTextOf(key: SecretKey): readonly string[] {
  const encoding = key.source === 'settings' ? 'utf8' : 'base64url'
  return [Buffer.from(key.material).toString(encoding)]
}
