import type { Actor } from '../intake/actor.ts'

/** What the secrets routes need of whoever keeps secrets. Values go in; nothing here can read them back. */
export type SecretsPart = {
  list(): Promise<readonly SecretName[]>
  put(
    secret: { readonly name: string; readonly scope: string; readonly data: SecretData },
    mode: 'create' | 'replace',
    actor: Actor,
  ): Promise<
    | { readonly code: 'written' }
    | { readonly code: 'exists' | 'not-found' | 'invalid'; readonly message: string }
  >
  delete(name: string, scope: string, actor: Actor): Promise<boolean>
}

export type SecretData = Readonly<Record<string, string>>

export type SecretName = {
  readonly name: string
  readonly scope: string
  readonly keys: readonly string[]
}
