import { Empty } from '@tiphys/contract/http/keptn-project.ts'
import {
  LogBody,
  LogDeletionQuery,
  type LogEntryBody,
  LogPage,
  LogQuery,
  type ShownLogEntry,
} from '@tiphys/contract/http/keptn-uniform.ts'
import { formatTimestamp, parseTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import type { Actor } from '../../intake/actor.ts'
import type { LogEntry, LogFilter } from '../../integrations/integration-logs.ts'
import type { Clock } from '../../ports/clock.ts'
import { isForEveryProject } from '../access.ts'
import { ok, type Refusal, refusalOf, refuse } from '../answer.ts'
import type { IntegrationsPart } from '../integrations-part.ts'
import type { AddRoute } from '../route.ts'
import { numberKey, pageOf } from './pages.ts'
import { timeRange } from './time.ts'

const PATH = '/api/controlPlane/v1/log'

export type LogRouteParts = { readonly integrations: IntegrationsPart; readonly clock: Clock }

/** What integrations say went wrong in them (facts/keptn-v1.md 2.3): go-sdk services send it with every errored answer. */
export function addIntegrationLogRoutes(add: AddRoute, parts: LogRouteParts): void {
  const { integrations, clock } = parts
  add({
    method: 'POST',
    path: PATH,
    summary: 'Error logs of integrations',
    body: LogBody,
    success: Empty,
    async handle({ body, actor }) {
      const ids = new Set(body.logs.map(({ integrationid }) => integrationid))
      for (const id of ids) {
        const refusal = checkIntegration(integrations, id, actor)
        if (refusal !== undefined) return refusal
      }
      await integrations.logs.append(body.logs.map((entry) => entryOf(entry, clock.nowMs())))
      return ok({})
    },
  })
  add({
    method: 'GET',
    path: PATH,
    summary: 'Error logs of integrations, newest first',
    query: LogQuery,
    success: LogPage,
    handle({ query, actor }) {
      const filter = filterOf(query)
      if ('ok' in filter) return filter
      const isOwn = (entry: LogEntry) =>
        checkIntegration(integrations, entry.integrationId, actor) === undefined
      const found = integrations.logs.list(filter).filter(isOwn)
      return ok({
        logs: pageOf(found, query).map(shownEntry),
        ...numberKey(query, found.length),
        pageSize: query.pageSize,
        totalCount: found.length,
      })
    },
  })
  add({
    method: 'DELETE',
    path: PATH,
    summary: 'Forgets error logs of integrations',
    query: LogDeletionQuery,
    success: Empty,
    async handle({ query, actor }) {
      const filter = filterOf(query)
      if ('ok' in filter) return filter
      const { integrationId } = filter
      const refusal =
        integrationId === undefined && !isForEveryProject(actor)
          ? refuse('forbidden', `token ${actor.name} is not for every project; name integrationId`)
          : checkIntegration(integrations, integrationId ?? '', actor)
      if (refusal !== undefined) return refusal
      await integrations.logs.delete(filter)
      return ok({})
    },
  })
}

/** A token of every project may write under any id, as in Keptn; others only under those of their own integrations. */
function checkIntegration(
  integrations: IntegrationsPart,
  id: string,
  actor: Actor,
): Refusal | undefined {
  if (isForEveryProject(actor)) return undefined
  const found = integrations.find(id, actor)
  return found.code === 'found' ? undefined : refusalOf(found)
}

function filterOf(query: {
  readonly integrationId?: string | undefined
  readonly fromTime?: string | undefined
  readonly beforeTime?: string | undefined
}): LogFilter | Refusal {
  const range = timeRange(query)
  if (!range.ok) return range
  const { ok: _, ...times } = range
  return query.integrationId ? { ...times, integrationId: query.integrationId } : times
}

/** A time in the future would keep an entry for ever; one that cannot be read, or Go's zero, is none. */
function entryOf(entry: LogEntryBody, nowMs: number): Omit<LogEntry, 'key'> {
  const sentMs = parseTimestamp(entry.time ?? '')
  return {
    integrationId: entry.integrationid,
    message: entry.message,
    atMs: sentMs === undefined || sentMs <= 0 ? nowMs : Math.min(sentMs, nowMs),
    context: entry.shkeptncontext || entry.keptncontext || '',
    task: entry.task ?? '',
    triggeredId: entry.triggeredid ?? '',
    commitId: entry.gitcommitid ?? '',
  }
}

function shownEntry(entry: LogEntry): ShownLogEntry {
  return {
    integrationid: entry.integrationId,
    message: entry.message,
    time: formatTimestamp(entry.atMs),
    shkeptncontext: entry.context,
    task: entry.task,
    triggeredid: entry.triggeredId,
    gitcommitid: entry.commitId,
  }
}
