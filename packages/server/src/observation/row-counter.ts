import { parseEventType } from '@tiphys/contract/event.ts'
import type { RunMeta } from '@tiphys/core/sequence/run-row.ts'
import type { OpenRun } from '@tiphys/core/sequence/run-state.ts'
import type { Log } from '../ports/log.ts'
import type { Meter } from '../ports/meter.ts'
import type { StoredEvent } from '../ports/store.ts'
import { runMetaOf } from '../projections/project-of-row.ts'
import type { DeliveryMetrics } from './delivery-metrics.ts'
import { createFirstSight } from './first-sight.ts'
import {
  factsOfOpenRun,
  factsOfStart,
  type RunFacts,
  resultWord,
  type TaskEnd,
  takeRow,
} from './run-facts.ts'
import { createRunLines } from './run-lines.ts'

/**
 * Counts what the committed rows tell, and logs one line for each run that is over. It sees every row once, after its commit; at a start it
 * is told of the open runs and counts nothing for them.
 */
export type RowCounter = {
  committed(rows: readonly StoredEvent[]): void
  /** Runs that were open when this process began. */
  adopt(runs: Iterable<OpenRun>): void
  /** Who a run is, while it is open and for a while after: for log lines that name only its id. */
  factsOf(runId: string): RunFacts | undefined
  /** Forgets runs that are no longer there (their project was deleted). */
  keepOnly(isOpen: (runId: string) => boolean): void
}

/** Lines about a run come until shortly after its end. */
const RECENT_RUNS = 1_000
const EVALUATION = 'evaluation'
const MS_PER_SECOND = 1_000

export function createRowCounter(parts: {
  readonly meter: Meter
  readonly delivery: DeliveryMetrics
  readonly log: Log
}): RowCounter {
  const { meter, delivery, log } = parts
  const lines = createRunLines(log)
  const open = new Map<string, RunFacts>()
  const recent = new Map<string, RunFacts>()
  const touch = createFirstSight(meter)

  function begun(run: RunFacts, isRoot: boolean): void {
    const { project, stage, sequence } = run
    open.set(run.runId, run)
    touch(run)
    meter.count('tiphys_runs_started_total', { project, stage, sequence })
    delivery.begun(run, isRoot)
    lines.begun(run)
  }

  function taskEnded(run: RunFacts, task: TaskEnd, nowMs: number): void {
    const { name, result, durationMs } = task
    meter.observe('tiphys_task_duration_seconds', durationMs / MS_PER_SECOND, {
      task: name,
      result,
    })
    if (name === EVALUATION) {
      meter.count('tiphys_evaluations_total', { project: run.project, stage: run.stage, result })
    }
    delivery.taskEnded(run, task, nowMs)
  }

  function ended(run: RunFacts, row: StoredEvent, meta: Extract<RunMeta, { k: 'end' }>): void {
    const { project, stage, sequence } = run
    const result = resultWord(meta.status, meta.result)
    const durationMs = Math.max(0, row.timeMs - run.triggeredMs)
    open.delete(run.runId)
    remember(run)
    meter.count('tiphys_runs_ended_total', { project, stage, sequence, result })
    meter.observe('tiphys_run_duration_seconds', durationMs / MS_PER_SECOND, { project, stage })
    delivery.ended(run, result, row.timeMs)
    lines.ended(run, row, meta)
  }

  function remember(run: RunFacts): void {
    const oldest = recent.size >= RECENT_RUNS ? recent.keys().next().value : undefined
    if (oldest !== undefined) recent.delete(oldest)
    recent.set(run.runId, run)
  }

  function take(row: StoredEvent): void {
    const meta = runMetaOf(row)
    if (meta === undefined) return
    if (meta.k === 'start') {
      begun(factsOfStart(row, meta), meta.parent === undefined)
      return
    }
    const run = open.get(row.stream.slice(row.stream.lastIndexOf('/') + 1))
    if (run === undefined) return
    if (meta.k === 'end') {
      ended(run, row, meta)
      return
    }
    lines.went(run, row, meta)
    if (meta.k === 'expired') {
      const task = run.names[meta.i] ?? ''
      meter.count('tiphys_deadlines_missed_total', { task, why: meta.why })
    }
    if (meta.k === 'unanswered') {
      const task = taskOf(row.event.type)
      meter.count('tiphys_deadlines_missed_total', { task, why: meta.why })
    }
    const task = takeRow(run, row)
    if (task !== undefined) taskEnded(run, task, row.timeMs)
  }

  return {
    committed(rows) {
      meter.count('tiphys_log_rows_total', {}, rows.length)
      for (const row of rows) take(row)
    },
    adopt(runs) {
      for (const run of runs) {
        const known = factsOfOpenRun(run)
        open.set(run.runId, known)
        touch(known)
        delivery.begun(known, false)
      }
    },
    factsOf: (runId) => open.get(runId) ?? recent.get(runId),
    keepOnly(isOpen) {
      for (const runId of [...open.keys()]) if (!isOpen(runId)) open.delete(runId)
    },
  }
}

/** What was asked: `get-sli`. */
function taskOf(eventType: string): string {
  const type = parseEventType(eventType)
  return type.kind === 'task' ? type.task : ''
}
