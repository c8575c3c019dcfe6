/** Who does something: the name and powers of the token that came with the request (behaviour.md 10). */
export type Actor = {
  /** The token's name, shown in approvals and logs. */
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Names of projects; `*` is every project. */
  readonly projects: readonly string[]
}

export type Scope = 'trigger' | 'answer' | 'approve' | 'read' | 'configure' | 'admin'

/** The engine itself and its built-in executors. */
export const TIPHYS: Actor = { name: 'tiphys', scopes: ['admin'], projects: ['*'] }
