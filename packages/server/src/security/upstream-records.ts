import type { JsonObject } from '@tiphys/contract/json.ts'
import type { KeptnLayout } from '@tiphys/core/configuration/keptn-layout.ts'
import type { Documents } from '../ports/documents.ts'
import type { UpstreamConnection, UpstreamRecord, UpstreamRecords } from '../ports/upstreams.ts'
import { UPSTREAM_KIND } from './secret-vault.ts'
import type { Secrets } from './secrets.ts'

type Shown = Omit<UpstreamConnection, 'token' | 'privateKey' | 'privateKeyPassphrase'>
type Hidden = {
  readonly token?: string
  readonly privateKey?: string
  readonly privateKeyPassphrase?: string
  readonly proxyPassword?: string
}

/** Upstreams as documents, in one write each: what may be shown in the clear, what may not sealed beside it. */
export function createUpstreamRecords(
  documents: Documents,
  secrets: Pick<Secrets, 'sealPart' | 'openPart'>,
): UpstreamRecords {
  return {
    async all() {
      const found = await documents.list(UPSTREAM_KIND)
      return new Map(found.map(({ key, body }) => [key, recordOf(key, body, secrets)]))
    },
    async put(projectId, { connection, layout }) {
      const { shown, hidden } = parted(connection)
      const isSecret = Object.keys(hidden).length > 0
      const sealed = isSecret ? { sealed: secrets.sealPart(contextOf(projectId), hidden) } : {}
      // Both are JSON by construction: texts, booleans and plain objects of them.
      const body = { connection: shown, layout, ...sealed } as unknown as JsonObject
      await documents.put(UPSTREAM_KIND, projectId, body)
    },
    async delete(projectId) {
      await documents.delete(UPSTREAM_KIND, projectId)
    },
  }
}

function recordOf(
  projectId: string,
  body: JsonObject,
  secrets: Pick<Secrets, 'openPart'>,
): UpstreamRecord {
  // Written by `put`, and by nobody else.
  const { connection, layout, sealed } = body as unknown as {
    connection: Shown
    layout: KeptnLayout
    sealed?: string
  }
  const opened = sealed === undefined ? {} : secrets.openPart(contextOf(projectId), sealed)
  const { proxyPassword, ...hidden }: Hidden = opened ?? {}
  const { proxy, ...rest } = connection
  const proxied =
    proxy === undefined
      ? {}
      : { proxy: proxyPassword === undefined ? proxy : { ...proxy, password: proxyPassword } }
  return { connection: { ...rest, ...hidden, ...proxied }, layout }
}

function parted(connection: UpstreamConnection): { shown: Shown; hidden: Record<string, string> } {
  const { token, privateKey, privateKeyPassphrase, proxy, ...rest } = connection
  const { password: proxyPassword, ...address } = proxy ?? { scheme: 'http', address: '' }
  const all = { token, privateKey, privateKeyPassphrase, proxyPassword }
  const given = Object.entries(all).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as const],
  )
  return {
    shown: { ...rest, ...(proxy === undefined ? {} : { proxy: address }) },
    hidden: Object.fromEntries(given),
  }
}

function contextOf(projectId: string): string {
  return `upstream ${projectId}`
}
