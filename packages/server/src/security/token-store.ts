import { timingSafeEqual } from 'node:crypto'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Scope } from '../intake/actor.ts'
import type { Documents } from '../ports/documents.ts'
import { createTokenCache } from './token-cache.ts'

/** By name: what a token may do, and the SHA-256 of its text. */
const TOKEN_KIND = 'token'
/** By SHA-256: the name. Only a pointer: a token counts when the document under its name has the same hash. */
const HASH_KIND = 'token-hash'

export type StoredToken = {
  readonly name: string
  /** Hexadecimal. */
  readonly sha256: string
  readonly scopes: readonly Scope[]
  readonly projects: readonly string[]
  readonly createdMs: number
  /** Who made it: by an admin, from the settings, or by the first start. */
  readonly origin: 'minted' | 'settings' | 'generated'
}

/**
 * Tokens in documents. What was looked up is kept in memory until any token changes, so a revoked one is refused by the next request. The pointer
 * is written before and removed after the token, so that a crash in between leaves at worst a pointer to nothing.
 */
export function createTokenStore(documents: Documents) {
  const cache = createTokenCache()

  async function get(name: string): Promise<StoredToken | undefined> {
    const body = await documents.get(TOKEN_KIND, name)
    return body === undefined ? undefined : stored(body)
  }

  async function removePointer(token: StoredToken): Promise<void> {
    // A token in the settings may have the text of a minted one and have taken its pointer over.
    const pointer = await documents.get(HASH_KIND, token.sha256)
    if (pointer?.['name'] === token.name) await documents.delete(HASH_KIND, token.sha256)
  }

  async function add(token: StoredToken): Promise<boolean> {
    await documents.put(HASH_KIND, token.sha256, { name: token.name })
    if (await documents.put(TOKEN_KIND, token.name, { ...token }, { ifAbsent: true })) return true
    await documents.delete(HASH_KIND, token.sha256)
    return false
  }

  async function replace(token: StoredToken): Promise<void> {
    const old = await get(token.name)
    await documents.put(HASH_KIND, token.sha256, { name: token.name })
    await documents.put(TOKEN_KIND, token.name, { ...token })
    if (old !== undefined && old.sha256 !== token.sha256) await removePointer(old)
  }

  async function remove(token: StoredToken): Promise<boolean> {
    const wasThere = await documents.delete(TOKEN_KIND, token.name)
    await removePointer(token)
    return wasThere
  }

  async function lookUp(sha256: string): Promise<StoredToken | undefined> {
    const name = (await documents.get(HASH_KIND, sha256))?.['name']
    const token = typeof name === 'string' ? await get(name) : undefined
    return token !== undefined && isSame(token.sha256, sha256) ? token : undefined
  }

  return {
    get,
    /** False and nothing written when the name is taken. */
    add: (token: StoredToken) => cache.during(() => add(token)),
    replace: (token: StoredToken) => cache.during(() => replace(token)),
    remove: (token: StoredToken) => cache.during(() => remove(token)),
    find: (sha256: string) => cache.find(sha256, () => lookUp(sha256)),
    /** In order of name. */
    async list(): Promise<StoredToken[]> {
      return (await documents.list(TOKEN_KIND)).map(({ body }) => stored(body))
    },
  }
}

export type TokenStore = ReturnType<typeof createTokenStore>

/** Written here and nowhere else. */
function stored(body: JsonObject): StoredToken {
  return body as unknown as StoredToken
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
