import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { assert } from '@tiphys/core/assert.ts'
import type { CommitResult, CommitUnit, Store, StoredEvent } from '../src/ports/store.ts'

/** What the tests of stores write. */
export const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 6)

let made = 0

/** A new id in the form of ours: milliseconds first. */
export function nextId(): string {
  made += 1
  const tail = made.toString(16).padStart(12, '0')
  return `019b7c1d-5e2e-7000-8000-${tail}`
}

export type EventOverrides = Partial<Omit<KeptnEvent, 'data'>> & { readonly data?: JsonObject }

export function anEvent(overrides: EventOverrides = {}): KeptnEvent {
  return {
    id: nextId(),
    type: 'sh.keptn.event.deployment.triggered',
    source: 'shipyard-controller',
    specversion: '1.0',
    time: new Date(NOW_MS).toISOString(),
    shkeptncontext: '019b7c1d-0000-7000-8000-000000000001',
    ...overrides,
    data: { project: 'shop', stage: 'dev', service: 'carts', ...overrides.data },
  }
}

export function append(
  stream: string,
  expectedVersion: number | 'any',
  events: readonly KeptnEvent[] = [anEvent()],
  more: Partial<CommitUnit> & { projectId?: string; open?: boolean } = {},
): CommitUnit {
  const { projectId = 'p1', open, ...unit } = more
  const entries = events.map((event) => ({ event, projectId }))
  const write = {
    stream,
    expectedVersion,
    events: entries,
    ...(open === undefined ? {} : { open }),
  }
  return { writes: [write], nowMs: NOW_MS, ...unit }
}

export async function committed(
  result: Promise<CommitResult>,
): Promise<Extract<CommitResult, { code: 'committed' }>> {
  const answer = await result
  assert(answer.code === 'committed', `expected committed, found ${JSON.stringify(answer)}`)
  return answer
}

export function idsOf(rows: readonly StoredEvent[]): string[] {
  return rows.map((row) => row.event.id)
}

export function positionsOf(rows: readonly StoredEvent[]): number[] {
  return rows.map((row) => row.position)
}

/** Reads a tail until it has given so many rows. */
export async function takeRows(
  store: Store,
  afterPosition: number,
  count: number,
): Promise<StoredEvent[]> {
  const controller = new AbortController()
  const rows: StoredEvent[] = []
  if (count === 0) return rows
  for await (const page of store.tail(afterPosition, controller.signal)) {
    rows.push(...page)
    if (rows.length >= count) break
  }
  return rows
}
