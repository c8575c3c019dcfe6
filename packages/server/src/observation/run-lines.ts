import type { RunMeta } from '@tiphys/core/sequence/run-row.ts'
import type { Log } from '../ports/log.ts'
import type { StoredEvent } from '../ports/store.ts'
import { type RunFacts, resultWord } from './run-facts.ts'

/** What the log says of a run, from its rows: every caller of the engine sees the same lines, whoever began it. */
export type RunLines = {
  begun(run: RunFacts): void
  /** A row between its beginning and its end. */
  went(run: RunFacts, row: StoredEvent, meta: RunMeta): void
  ended(run: RunFacts, row: StoredEvent, meta: Extract<RunMeta, { k: 'end' }>): void
}

export function createRunLines(log: Log): RunLines {
  return {
    begun: ({ runId }) => log.debug({ runId }, 'run begins'),
    went({ runId, names }, row, meta) {
      switch (meta.k) {
        case 'expired':
          log.warn({ runId, task: names[meta.i] ?? '', why: meta.why }, `given up: ${textOf(row)}`)
          return
        case 'unanswered':
          log.warn({ runId, task: names[meta.i] ?? '', why: meta.why }, textOf(row))
          return
        case 'changed':
          log.debug({ runId, task: names[meta.i] ?? '' }, textOf(row))
          return
        case 'paused':
        case 'resumed':
        case 'unfrozen':
          log.info({ runId, by: meta.by }, `run ${meta.k}`)
          return
        case 'news':
          log.warn({ runId }, meta.message)
          return
        default:
          // Tasks that come and go as they should are in the trace and in the log of events.
          return
      }
    },
    ended({ runId, triggeredMs }, row, meta) {
      const result = resultWord(meta.status, meta.result)
      const durationMs = Math.max(0, row.timeMs - triggeredMs)
      const message = textOf(row)
      const reason = message === '' ? {} : { reason: message }
      log.info({ runId, result, cause: meta.cause, durationMs, ...reason }, `run ended: ${result}`)
    },
  }
}

function textOf(row: StoredEvent): string {
  const { message } = row.event.data
  return typeof message === 'string' ? message : ''
}
