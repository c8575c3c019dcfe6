import type { JsonObject } from '@tiphys/contract/json.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import type { Clock } from '../ports/clock.ts'
import { type Store, StoreError, type StreamWrite } from '../ports/store.ts'
import { AUDIT_PREFIX, AUDIT_STREAM, type AuditEntry, type AuditTrail } from './audit-trail.ts'
import { createRefusalBudget } from './refusal-budget.ts'

export type AuditTrailParts = {
  readonly store: Pick<Store, 'commit'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly newId: (nowMs: number) => string
}

/** Names are shorter; whatever is longer was sent by somebody who tries something. */
const MAX_TEXT_CHARACTERS = 300

export function createAuditTrail({ store, clock, newId }: AuditTrailParts): AuditTrail {
  const budget = createRefusalBudget(clock)

  function writeOf(entry: AuditEntry): StreamWrite {
    const nowMs = clock.nowMs()
    const suppressed = budget.takeSuppressed()
    const event = {
      id: newId(nowMs),
      type: `${AUDIT_PREFIX}${entry.action}`,
      source: 'tiphys',
      specversion: '1.0',
      time: formatTimestamp(nowMs),
      data: { ...dataOf(entry), ...(suppressed === 0 ? {} : { suppressed }) },
    }
    // Nothing is decided from this stream, so it may grow from several sides at once.
    return { stream: AUDIT_STREAM, expectedVersion: 'any', events: [{ event }] }
  }

  return {
    writeOf,
    async record(entry) {
      if (entry.outcome.code === 'refused' && !budget.take(entry.by.address ?? '')) return
      const result = await store.commit({ writes: [writeOf(entry)], nowMs: clock.nowMs() })
      if (result.code === 'committed') return
      throw new StoreError(`an audit entry met ${result.code}`, { retryable: true })
    },
  }
}

/** What stays of an entry: short texts only. */
function dataOf({ action, by, on, outcome, requestId, details }: AuditEntry): JsonObject {
  const texts: Record<string, string | undefined> = {
    action,
    actor: by.name,
    person: by.person,
    address: by.address,
    ...on,
    outcome: outcome.code,
    reason: outcome.code === 'refused' ? outcome.reason : undefined,
    requestId,
  }
  const kept = Object.entries(texts).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, shortened(text)] as const],
  )
  return {
    ...Object.fromEntries(kept),
    ...(details === undefined ? {} : { details: shortTexts(details) }),
  }
}

function shortTexts(details: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name,
      typeof value === 'string' ? shortened(value) : value,
    ]),
  )
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT_CHARACTERS ? text : `${text.slice(0, MAX_TEXT_CHARACTERS - 1)}…`
}
