import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Clock } from '../ports/clock.ts'
import type { Documents } from '../ports/documents.ts'

/** What an integration says went wrong in it. */
export type LogEntry = {
  /** In order of time, then of arrival. */
  readonly key: string
  readonly integrationId: string
  readonly message: string
  readonly atMs: number
  readonly context: string
  readonly task: string
  readonly triggeredId: string
  readonly commitId: string
}

export type LogFilter = {
  readonly integrationId?: string
  readonly fromTimeMs?: number
  readonly beforeTimeMs?: number
}

export type IntegrationLogs = {
  append(entries: readonly Omit<LogEntry, 'key'>[]): Promise<void>
  list(filter: LogFilter): readonly LogEntry[]
  delete(filter: LogFilter): Promise<void>
}

const LOG_KIND = 'integration-log'
/** Keptn's LOG_TTL. */
const KEPT_MS = 120 * 60 * 60 * 1000
/** A service that fails in a loop must not fill the memory; the oldest go first. */
const MOST_ENTRIES = 5000
const MAX_MESSAGE_CHARACTERS = 4096
/** Times until the year 5138 have as many digits, so that keys sort like times. */
const TIME_DIGITS = 14
const SEQUENCE_DIGITS = 9

/** Error logs of integrations, in documents and in memory; bounded in number, length and age. */
export async function createIntegrationLogs(parts: {
  readonly documents: Documents
  readonly clock: Clock
  /** Hides known secrets. */
  readonly mask: (text: string) => string
}): Promise<IntegrationLogs> {
  const { documents, clock, mask } = parts
  const entries = (await documents.list(LOG_KIND)).map(({ body }) => stored(body))
  let sequence = Math.max(0, ...entries.map(({ key }) => Number(key.slice(TIME_DIGITS + 1)) + 1))
  await prune()

  async function remove(keys: ReadonlySet<string>): Promise<void> {
    if (keys.size === 0) return
    const kept = entries.filter(({ key }) => !keys.has(key))
    entries.splice(0, entries.length, ...kept)
    await Promise.all([...keys].map((key) => documents.delete(LOG_KIND, key)))
  }

  async function prune(): Promise<void> {
    const oldestMs = clock.nowMs() - KEPT_MS
    const surplus = Math.max(0, entries.length - MOST_ENTRIES)
    const gone = entries.filter(({ atMs }, index) => index < surplus || atMs < oldestMs)
    await remove(new Set(gone.map(({ key }) => key)))
  }

  function matching(filter: LogFilter): readonly LogEntry[] {
    const { integrationId, fromTimeMs, beforeTimeMs } = filter
    const oldestMs = clock.nowMs() - KEPT_MS
    return entries.filter(
      (entry) =>
        entry.atMs >= Math.max(oldestMs, fromTimeMs ?? 0) &&
        entry.atMs <= (beforeTimeMs ?? Number.POSITIVE_INFINITY) &&
        (integrationId === undefined || entry.integrationId === integrationId),
    )
  }

  return {
    async append(wishes) {
      const added = wishes.map((wish) => ({
        ...wish,
        message: mask(wish.message).slice(0, MAX_MESSAGE_CHARACTERS),
        key: keyOf(wish.atMs, sequence++),
      }))
      await Promise.all(added.map((entry) => documents.put(LOG_KIND, entry.key, { ...entry })))
      entries.push(...added)
      entries.sort((left, right) => (left.key < right.key ? -1 : 1))
      await prune()
    },
    list: (filter) => [...matching(filter)].reverse(),
    delete: async (filter) => remove(new Set(matching(filter).map(({ key }) => key))),
  }
}

function keyOf(atMs: number, sequence: number): string {
  const time = String(Math.max(0, Math.floor(atMs))).padStart(TIME_DIGITS, '0')
  return `${time}-${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`
}

/** Written here and nowhere else. */
function stored(body: JsonObject): LogEntry {
  return body as unknown as LogEntry
}
