import type { ResolvedConnection } from '@tiphys/providers/connections/resolve-connections.ts'

/** The usual connection of all projects. */
export function prometheusAt(url: string): ResolvedConnection {
  return { connection: { kind: 'prometheus', name: 'prometheus', settings: { url } } }
}
