import { allows } from './allows.ts'
import { SecuritySettingsError } from './security-settings-error.ts'
import type { StoredToken, TokenStore } from './token-store.ts'
import { createTokenText, hashToken } from './token-text.ts'
import { BOOTSTRAP_NAME } from './token-wish.ts'

/** What the start has to tell the person at the terminal, and no log. */
export type Bootstrapped = {
  /** The text of a token that was made just now. It can never be shown again. */
  readonly generated?: string
  /** One sentence about a token in the settings that is easily guessed. */
  readonly warning?: string
}

/** The token in the settings cannot be sent in a header. Says so without the token. */
export class BootstrapTokenError extends SecuritySettingsError {
  override readonly name = 'BootstrapTokenError'
}

const VISIBLE_ASCII = /^[\x21-\x7e]+$/
const LONGEST_GIVEN = 4_096
/** Shorter ones can be guessed, even slowly. */
const SHORTEST_STRONG = 20

/**
 * Sees to it that somebody can log in. The settings rule: a token in them is the bootstrap token, whatever was before, and goes when they
 * no longer name it. Without one, a token is made only when nobody is admin of all projects: at the first start, or after that.
 */
export async function ensureBootstrapToken(
  store: TokenStore,
  nowMs: number,
  given: string | undefined,
): Promise<Bootstrapped> {
  const text = given?.trim() ?? ''
  const old = await store.get(BOOTSTRAP_NAME)
  if (text !== '') {
    checkText(text)
    const sha256 = hashToken(text)
    const createdMs = old !== undefined && old.sha256 === sha256 ? old.createdMs : nowMs
    await store.replace(bootstrap({ sha256, createdMs, origin: 'settings' }))
    return text.length < SHORTEST_STRONG ? { warning: weaknessOf(text) } : {}
  }
  if (old?.origin === 'settings') await store.remove(old)
  if ((await store.list()).some((token) => allows(token, 'admin'))) return {}
  const generated = createTokenText()
  await store.replace(
    bootstrap({ sha256: hashToken(generated), createdMs: nowMs, origin: 'generated' }),
  )
  return { generated }
}

function bootstrap(part: Pick<StoredToken, 'sha256' | 'createdMs' | 'origin'>): StoredToken {
  return { name: BOOTSTRAP_NAME, scopes: ['admin'], projects: ['*'], ...part }
}

function checkText(text: string): void {
  if (VISIBLE_ASCII.test(text) && text.length <= LONGEST_GIVEN) return
  throw new BootstrapTokenError(
    `the API token in the settings cannot be sent in a header: expected up to ${LONGEST_GIVEN} visible ASCII characters without spaces`,
  )
}

function weaknessOf(text: string): string {
  return `the API token in the settings has ${text.length} characters and can be guessed; ${SHORTEST_STRONG} random ones cannot`
}
