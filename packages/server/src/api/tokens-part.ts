import type { Actor, Scope } from '../intake/actor.ts'

/** What the token routes need of whoever keeps tokens. */
export type TokensPart = {
  list(): Promise<readonly TokenRecord[]>
  /** The text of the token is handed out once, here. */
  mint(
    wish: {
      readonly name: string
      readonly scopes: readonly Scope[]
      readonly projects: readonly string[]
    },
    actor: Actor,
  ): Promise<
    | { readonly code: 'minted'; readonly token: string }
    | { readonly code: 'exists' | 'invalid'; readonly message: string }
  >
  revoke(
    name: string,
    actor: Actor,
  ): Promise<
    | { readonly code: 'revoked' }
    | { readonly code: 'not-found' | 'invalid'; readonly message: string }
  >
}

export type TokenRecord = {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly projects: readonly string[]
  readonly createdMs: number
}
