import { randomBytes } from 'node:crypto'
import { z } from 'zod'

export const rbacActions = [
  'get',
  'create',
  'update',
  'delete',
  'sync',
  'action',
  'override',
] as const

export type RbacAction = (typeof rbacActions)[number]

export const tokenSchema = z.strictObject({
  token: z.string().min(1),
  username: z.string().min(1),
  /** What it may do, by project (`*` is every project). Everything if left out. */
  rbac: z
    .array(z.strictObject({ project: z.string().min(1), actions: z.array(z.enum(rbacActions)) }))
    .optional(),
})

export type TokenSettings = z.output<typeof tokenSchema>

export const accountSchema = z.strictObject({
  username: z.string().min(1),
  password: z.string().min(1),
})

export type Account = z.output<typeof accountSchema>

/** Who is asking, and what they may do. */
export type Caller = { username: string; may(action: RbacAction, project: string): boolean }

const SESSION_TOKEN_BYTES = 24

/** Bearer tokens that are known, configured ones and those of sessions. */
export class Tokens {
  readonly #callers = new Map<string, Caller>()
  readonly #accounts: readonly Account[]

  constructor(tokens: readonly TokenSettings[], accounts: readonly Account[]) {
    for (const settings of tokens) this.#callers.set(settings.token, callerOf(settings))
    this.#accounts = accounts
  }

  find(token: string): Caller | undefined {
    return this.#callers.get(token)
  }

  /** A new token for an account, or undefined when the password is wrong. */
  login(username: string, password: string): string | undefined {
    const account = this.#accounts.find(
      (candidate) => candidate.username === username && candidate.password === password,
    )
    if (account === undefined) return undefined
    const token = randomBytes(SESSION_TOKEN_BYTES).toString('base64url')
    this.#callers.set(token, callerOf({ token, username }))
    return token
  }
}

function callerOf({ username, rbac }: TokenSettings): Caller {
  return {
    username,
    may: (action, project) =>
      rbac === undefined ||
      rbac.some(
        (rule) =>
          (rule.project === '*' || rule.project === project) && rule.actions.includes(action),
      ),
  }
}
