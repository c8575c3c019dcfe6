import { type AuditEntryView, AuditPage } from '@tiphys/contract/http/native-audit.ts'
import type { HttpClient } from './http-client.ts'

export type AuditFilter = {
  readonly project?: string | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly outcome?: string | undefined
  readonly fromTime?: string | undefined
  readonly beforeTime?: string | undefined
}

/** What the server gives at once. */
const PAGE_SIZE = 100

/** Newest first, so many at most. */
export async function listAudit(
  client: HttpClient,
  filter: AuditFilter,
  limit: number,
): Promise<readonly AuditEntryView[]> {
  const entries: AuditEntryView[] = []
  let cursor: string | undefined
  do {
    const pageSize = Math.min(PAGE_SIZE, limit - entries.length)
    const page: AuditPage = await client.request({
      method: 'GET',
      path: '/api/tiphys/v1/audit',
      query: { ...filter, pageSize, cursor },
      schema: AuditPage,
    })
    entries.push(...page.entries)
    cursor = page.nextCursor
  } while (cursor !== undefined && entries.length < limit)
  return entries
}
