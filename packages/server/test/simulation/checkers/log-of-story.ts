import type { RunMeta } from '@tiphys/core/sequence/run-row.ts'
import type { StoredEvent } from '../../../src/ports/store.ts'

/** A row of a run's stream with its meaning. */
export type RunRow = { readonly row: StoredEvent; readonly meta: RunMeta }

export type StartMeta = Extract<RunMeta, { k: 'start' }>

/** The rows of one run, in order; the first says what was planned. */
export type RunLog = {
  readonly stream: string
  readonly runId: string
  readonly start: StartMeta
  readonly rows: readonly RunRow[]
}

export function streamsOf(rows: readonly StoredEvent[]): ReadonlyMap<string, StoredEvent[]> {
  return Map.groupBy(rows, ({ stream }) => stream)
}

export function metaOf(row: StoredEvent): RunMeta {
  return row.meta as unknown as RunMeta
}

/** Every run of the log, in order of acceptance. */
export function runsOf(rows: readonly StoredEvent[]): RunLog[] {
  const runs: RunLog[] = []
  for (const [stream, own] of streamsOf(rows)) {
    const [first] = own
    if (first === undefined || !stream.startsWith('run/')) continue
    const start = metaOf(first)
    if (start.k !== 'start') throw new Error(`${stream} begins with a row ${start.k}`)
    const withMeta = own.map((row) => ({ row, meta: metaOf(row) }))
    runs.push({ stream, runId: first.event.id, start, rows: withMeta })
  }
  return runs
}
