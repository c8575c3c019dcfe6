import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { NewEvent } from '@tiphys/server/ports/store.ts'
import { measureRawAppend } from './raw-append.ts'

/**
 * What the disk and SQLite give at best for the rows of sequences: the same rows, no checks, no JSON, no hashes, as many steps
 * in a transaction as sequences are in flight (a sequence takes four steps of two or three rows).
 */
export function measureRawSequences(
  sample: readonly NewEvent[],
  inFlight: number,
  durationMs: number,
): RawSequences {
  const rate = measureRawAppend({ rows: sample, rowsPerUnit: ROWS_PER_STEP, inFlight, durationMs })
  return {
    sequencesPerSecond: rate.rowsPerSecond / ROWS_PER_SEQUENCE,
    rowsPerSecond: rate.rowsPerSecond,
    stepP50Ms: rate.p50Ms,
    stepP99Ms: rate.p99Ms,
  }
}

export type RawSequences = {
  readonly sequencesPerSecond: number
  readonly rowsPerSecond: number
  readonly stepP50Ms: number
  readonly stepP99Ms: number
}

/** Of what was measured before and after something else: neighbours come and go in between. */
export function meanOf(one: RawSequences, other: RawSequences): RawSequences {
  const mean = (of: (raw: RawSequences) => number) => (of(one) + of(other)) / 2
  return {
    sequencesPerSecond: mean(({ sequencesPerSecond }) => sequencesPerSecond),
    rowsPerSecond: mean(({ rowsPerSecond }) => rowsPerSecond),
    stepP50Ms: mean(({ stepP50Ms }) => stepP50Ms),
    stepP99Ms: mean(({ stepP99Ms }) => stepP99Ms),
  }
}

export const RAW_EXPLAINED =
  '  raw: the same rows inserted without checks, JSON or hashes, as many steps (of 3 rows) in a transaction as are in flight'

const ROWS_PER_STEP = 3
/** Triggered, three times (triggered, started, finished), finished. */
export const ROWS_PER_SEQUENCE = 11

/** The magic number of tmpfs (statfs(2)). */
const TMPFS = 0x01021994

/** Nothing is durable in memory, so figures from there would say nothing. */
export function diskNote(): string | undefined {
  if (process.platform !== 'linux' || statfsSync(tmpdir()).type !== TMPFS) return undefined
  return `${tmpdir()} lies in memory: nothing here was durable. Point TMPDIR to a disk.`
}
