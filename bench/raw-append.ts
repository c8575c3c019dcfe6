import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { openSqlite } from '@tiphys/server/adapters/sqlite/open-sqlite.ts'
import type { CommitUnit, NewEvent } from '@tiphys/server/ports/store.ts'

/**
 * What the disk and SQLite give at best: prepared values of given rows, inserted in transactions of so many rows, with
 * synchronous=FULL. No checks, no JSON, no hashes. Other benchmarks are shares of this rate, measured in the same minute.
 *
 * `log` inserts into the table of the log with its indexes; `bare` into a table of position, body and meta alone.
 */
export type RawLayout = 'log' | 'bare'

export type AppendRate = {
  /** Units that share a transaction. */
  readonly inFlight: number
  readonly rowsPerUnit: number
  readonly rowsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export type RawAppend = {
  /** Written over and over, in this order. */
  readonly rows: readonly NewEvent[]
  readonly rowsPerUnit: number
  readonly inFlight: number
  readonly layout?: RawLayout
  readonly durationMs?: number
}

const DEFAULT_DURATION_MS = 3_000
const MIGRATION = new URL(
  '../packages/server/src/adapters/sqlite/migrations/0001-log.sql',
  import.meta.url,
)
const BARE =
  'CREATE TABLE events (position INTEGER PRIMARY KEY, body TEXT NOT NULL, meta TEXT) STRICT'
const BARE_COLUMNS = Array(3)
const LOG_COLUMNS = Array(18)
const SOME_HASH = new Uint8Array(32)
/** A key as large as real ones, so that it takes as many bytes. */
const FIRST_KEY = 7_000_000_000_000_000
/** Event types that take turns. */
const TYPES = 12
const ROWS_PER_STREAM = 12

export function measureRawAppend(options: RawAppend): AppendRate {
  const { rows, rowsPerUnit, inFlight, layout = 'log' } = options
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-bench-'))
  const database = new DatabaseSync(join(folder, 'raw.db'))
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    database.exec(layout === 'bare' ? BARE : readFileSync(MIGRATION, 'utf8'))
    const columns = layout === 'bare' ? BARE_COLUMNS : LOG_COLUMNS
    const insert = database.prepare(`INSERT INTO events VALUES (${columns.fill('?').join(', ')})`)
    const texts = rows.map(rawTexts)
    const valuesOf = layout === 'bare' ? bareValues : logValues
    let position = 0
    return measure({ inFlight, rowsPerUnit, durationMs: options.durationMs }, () => {
      database.exec('BEGIN IMMEDIATE')
      for (let count = 0; count < inFlight * rowsPerUnit; count++) {
        const text = texts[position % texts.length]
        position += 1
        if (text !== undefined) insert.run(...valuesOf(position, text))
      }
      database.exec('COMMIT')
    })
  } finally {
    database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

type RawValue = string | number | null | Uint8Array
type RawText = { readonly body: string; readonly meta: string | null; readonly isAnswer: boolean }

function rawTexts({ event, meta }: NewEvent): RawText {
  return {
    body: JSON.stringify(event),
    meta: meta === undefined ? null : JSON.stringify(meta),
    isAnswer: event.triggeredid !== undefined,
  }
}

function bareValues(position: number, { body, meta }: RawText): RawValue[] {
  return [position, body, meta]
}

/** Keys grow with the position, as those of time-ordered ids do; a stream has `ROWS_PER_STREAM` rows. */
function logValues(position: number, { body, meta, isAnswer }: RawText): RawValue[] {
  const stream = Math.floor(position / ROWS_PER_STREAM)
  const key = FIRST_KEY + position
  const context = FIRST_KEY + stream * ROWS_PER_STREAM
  const [type, word] = [1 + (position % TYPES), TYPES + 1]
  const place = [position, stream, position, FIRST_KEY, 1, word]
  const columns = [key, context, isAnswer ? key : null, type, word, word, word, word]
  return [...place, ...columns, body, null, meta, SOME_HASH]
}

function measure(
  options: { inFlight: number; rowsPerUnit: number; durationMs: number | undefined },
  group: () => void,
): AppendRate {
  const { inFlight, rowsPerUnit, durationMs = DEFAULT_DURATION_MS } = options
  const laps: number[] = []
  const began = performance.now()
  for (let now = began; now - began < durationMs; ) {
    group()
    const after = performance.now()
    laps.push(after - now)
    now = after
  }
  return rateOf(inFlight, rowsPerUnit, laps, laps.length * inFlight, performance.now() - began)
}

function rateOf(
  inFlight: number,
  rowsPerUnit: number,
  laps: number[],
  units: number,
  tookMs: number,
): AppendRate {
  const sorted = laps.sort((left, right) => left - right)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
  const rowsPerSecond = Math.round((units * rowsPerUnit * 1_000) / tookMs)
  return { inFlight, rowsPerUnit, rowsPerSecond, p50Ms: at(0.5), p99Ms: at(0.99) }
}

export type StoreAppend = {
  readonly rowsPerUnit: number
  readonly inFlight: number
  readonly durationMs?: number
  /** Makes one row; ids must differ. */
  readonly makeEvent: (index: number) => NewEvent
}

/** The same through the store: so many writers, each handing in its next unit when the last one is on disk. */
export async function measureStoreAppend(options: StoreAppend): Promise<AppendRate> {
  const { rowsPerUnit, inFlight, makeEvent, durationMs = DEFAULT_DURATION_MS } = options
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-bench-'))
  const { store } = openSqlite({ file: join(folder, 'tiphys.db') })
  const laps: number[] = []
  let made = 0
  const began = performance.now()
  async function writer(number: number): Promise<void> {
    let version = 0
    let stream = 0
    while (performance.now() - began < durationMs) {
      const events = Array.from({ length: rowsPerUnit }, () => makeEvent(made++))
      const isLast = version + rowsPerUnit >= ROWS_PER_STREAM
      const write = {
        stream: `run/p1/${number}-${stream}`,
        expectedVersion: version,
        events,
        open: !isLast,
      }
      const unit: CommitUnit = { writes: [write], nowMs: Date.now() }
      const handedIn = performance.now()
      const result = await store.commit(unit)
      if (result.code !== 'committed') throw new Error(JSON.stringify(result))
      laps.push(performance.now() - handedIn)
      version = isLast ? 0 : version + rowsPerUnit
      if (isLast) stream += 1
    }
  }
  try {
    await Promise.all(Array.from({ length: inFlight }, (_, index) => writer(index)))
    return rateOf(inFlight, rowsPerUnit, laps, laps.length, performance.now() - began)
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** An event as a deployment sends it: about 750 bytes. */
export function sampleEvent(index: number): NewEvent {
  const nowMs = Date.now()
  const id = idOf(nowMs, index)
  const answers = index % 3 === 0 ? {} : { triggeredid: idOf(nowMs, index - (index % 3)) }
  const action = ['triggered', 'started', 'finished'][index % 3] ?? 'triggered'
  const data = {
    project: 'sockshop',
    stage: 'dev',
    service: 'carts',
    labels: { build: '0.13.1' },
    status: 'succeeded',
    result: 'pass',
    message: '',
    deployment: { deploymentURIsPublic: ['http://127.0.0.1:8080'], deploymentNames: ['carts'] },
    configurationChange: { values: { image: 'docker.io/keptnexamples/carts:0.13.1' } },
  }
  const event = {
    id,
    type: `sh.keptn.event.deployment.${action}`,
    source: 'shipyard-controller',
    specversion: '1.0',
    time: new Date(nowMs).toISOString(),
    contenttype: 'application/json',
    shkeptncontext: idOf(nowMs, index - (index % ROWS_PER_STREAM)),
    shkeptnspecversion: '0.2.4',
    gitcommitid: '0123456789012345678901234567890123456789',
    ...answers,
    data,
  }
  return { event, projectId: 'p1' }
}

function idOf(nowMs: number, index: number): string {
  const ms = nowMs.toString(16).padStart(12, '0')
  const rest = index.toString(16).padStart(12, '0')
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-${rest}`
}

const ROWS_PER_UNIT = 3

async function main(): Promise<void> {
  const rows = Array.from({ length: 3_000 }, (_, index) => sampleEvent(index))
  for (const inFlight of [1, 16, 64]) {
    const size = { rowsPerUnit: ROWS_PER_UNIT, inFlight }
    print('raw, bare table', measureRawAppend({ rows, ...size, layout: 'bare' }))
    print('raw, table of the log', measureRawAppend({ rows, ...size }))
    print('through the store', await measureStoreAppend({ ...size, makeEvent: sampleEvent }))
  }
}

function print(what: string, rate: AppendRate): void {
  const { inFlight, rowsPerUnit, rowsPerSecond, p50Ms, p99Ms } = rate
  const units = `${inFlight} in flight, ${rowsPerUnit} rows each`
  const times = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`
  console.log(
    `${what.padEnd(22)} ${units.padEnd(26)} ${String(rowsPerSecond).padStart(7)} rows/s   ${times}`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
