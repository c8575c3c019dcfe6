import type { Authentication } from '../api/authenticate.ts'
import type { TokensPart } from '../api/tokens-part.ts'
import type { Actor } from '../intake/actor.ts'
import type { Clock } from '../ports/clock.ts'
import type { Documents } from '../ports/documents.ts'
import type { Log } from '../ports/log.ts'
import { allows } from './allows.ts'
import { type Bootstrapped, ensureBootstrapToken } from './bootstrap-token.ts'
import { createLoginThrottle, type LoginThrottle } from './login-throttle.ts'
import { createTokenStore, type StoredToken, type TokenStore } from './token-store.ts'
import { createTokenText, hashToken } from './token-text.ts'
import { checkWish } from './token-wish.ts'

/** Who may use this server. Fits `tokens` and `authenticate` of the API's parts. */
export type Tokens = TokensPart & {
  /** Answers the same for no token and for a wrong one; which of them it was is only in the log. */
  authenticate(token: string | undefined, address: string): Promise<Authentication>
  /** Called once at the start, before the server listens. Throws BootstrapTokenError. */
  ensureBootstrapToken(settings: { readonly given?: string | undefined }): Promise<Bootstrapped>
}

export type TokensParts = {
  readonly documents: Documents
  readonly clock: Pick<Clock, 'nowMs'>
  /** Told of failed logins by address, of minting and revoking by name; never of a token's text. */
  readonly log?: Log
}

export function createTokens({ documents, clock, log }: TokensParts): Tokens {
  const store = createTokenStore(documents)
  const throttle = createLoginThrottle(clock)

  return {
    authenticate: (token, address) => authenticate({ store, throttle, log }, token, address),
    ensureBootstrapToken: ({ given }) => ensureBootstrapToken(store, clock.nowMs(), given),
    async list() {
      const all = await store.list()
      return all.map(({ name, scopes, projects, createdMs }) => ({
        name,
        scopes,
        projects,
        createdMs,
      }))
    },
    async mint(wish, actor) {
      const checked = checkWish(wish, actor)
      if (checked.code === 'invalid') return checked
      const token = createTokenText()
      const isNew = await store.add({
        ...checked.wish,
        sha256: hashToken(token),
        createdMs: clock.nowMs(),
        origin: 'minted',
      })
      if (!isNew) {
        return { code: 'exists', message: `there is a token ${wish.name} already; revoke it first` }
      }
      log?.info({ name: wish.name, by: actor.name }, 'token minted')
      return { code: 'minted', token }
    },
    async revoke(name, actor) {
      const token = await store.get(name)
      if (token === undefined) return { code: 'not-found', message: `token ${name} not found` }
      const refused = await refusedRevocation(store, token, actor)
      if (refused !== undefined) return { code: 'invalid', message: refused }
      if (!(await store.remove(token))) {
        return { code: 'not-found', message: `token ${name} not found` }
      }
      log?.info({ name, by: actor.name }, 'token revoked')
      return { code: 'revoked' }
    },
  }
}

type Door = {
  readonly store: TokenStore
  readonly throttle: LoginThrottle
  readonly log: Log | undefined
}

async function authenticate(
  door: Door,
  text: string | undefined,
  address: string,
): Promise<Authentication> {
  const { throttle, log } = door
  // Nothing was guessed, so nothing is counted: a probe without a token must not lock out its neighbours.
  if (text === undefined || text === '') {
    log?.debug({ address, reason: 'no token' }, 'login refused')
    return { code: 'unauthenticated' }
  }
  const sha256 = hashToken(text)
  const retryAfterMs = throttle.attempt(address, sha256)
  if (retryAfterMs !== undefined) {
    log?.debug({ address, retryAfterMs }, 'login throttled')
    return { code: 'throttled', retryAfterMs }
  }
  const token = await lookUp(door, sha256, address)
  if (token === undefined) {
    throttle.failed(address, sha256)
    log?.warn({ address, reason: 'unknown token' }, 'login refused')
    return { code: 'unauthenticated' }
  }
  throttle.succeeded(address, sha256)
  const { name, scopes, projects } = token
  return { code: 'authenticated', actor: { name, scopes, projects } }
}

async function lookUp(
  { store, throttle }: Door,
  sha256: string,
  address: string,
): Promise<StoredToken | undefined> {
  try {
    return await store.find(sha256)
  } catch (error) {
    // The store is down: it is not known whether the token was right, so the attempt stays counted.
    throttle.failed(address, sha256)
    throw error
  }
}

/** Why a token stays, or undefined. */
async function refusedRevocation(
  store: TokenStore,
  token: StoredToken,
  actor: Actor,
): Promise<string | undefined> {
  const outside = token.projects.find((project) => !allows(actor, 'admin', project))
  if (outside !== undefined) {
    return `token ${actor.name} may not revoke token ${token.name}: it is no admin of project ${outside}`
  }
  if (token.origin === 'settings') {
    return `token ${token.name} comes from the settings of the server; change --api-token or TIPHYS_API_TOKEN and restart`
  }
  const others = (await store.list()).filter((one) => one.name !== token.name)
  if (isServerAdmin(token) && !others.some(isServerAdmin)) {
    return `token ${token.name} is the last admin of all projects; mint another one first`
  }
  return undefined
}

function isServerAdmin(token: StoredToken): boolean {
  return allows(token, 'admin')
}
