import type { JsonObject } from '@tiphys/contract/json.ts'

/**
 * State beside the log: tokens, secrets, connections. Backed up with it, never rebuilt from it.
 * Each write is durable when its promise resolves.
 */
export interface Documents {
  get(kind: string, key: string): Promise<JsonObject | undefined>
  /** Replaces; with `ifAbsent` answers false and writes nothing when the key is taken. */
  put(
    kind: string,
    key: string,
    body: JsonObject,
    options?: { ifAbsent?: boolean },
  ): Promise<boolean>
  delete(kind: string, key: string): Promise<boolean>
  /** In order of key. */
  list(kind: string, keyPrefix?: string): Promise<{ key: string; body: JsonObject }[]>
}
