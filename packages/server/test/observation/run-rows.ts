import type { KeptnEvent } from '@tiphys/contract/event.ts'
import { childrenOf, startRow } from '@tiphys/core/sequence/begin-run.ts'
import { decideRun, type RunInput } from '@tiphys/core/sequence/decide-run.ts'
import { absentRun, evolveRun } from '@tiphys/core/sequence/evolve-run.ts'
import { NO_FINISH_MS, type RunPlan } from '@tiphys/core/sequence/plan.ts'
import type { NewRunRow } from '@tiphys/core/sequence/run-row.ts'
import type { RunState } from '@tiphys/core/sequence/run-state.ts'
import type { StoredEvent } from '../../src/ports/store.ts'

/** What a test does to a run, after so much time. */
export type Move = {
  readonly afterMs: number
  readonly action:
    | 'proceed'
    | 'tick'
    | 'pause'
    | 'resume'
    | 'started'
    | 'status.changed'
    | 'finished'
  readonly result: 'pass' | 'warning' | 'fail'
  /** Whoever answers; default: `a-service`. */
  readonly source?: string
}

export type Story = {
  readonly tasks: readonly string[]
  readonly moves: readonly Move[]
}

export const CONTEXT = '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'
export const START_MS = Date.UTC(2026, 0, 1)

/**
 * The rows of a context as the real machine decides them: a run, and each run that its end triggers. What is open when the moves of a
 * run are over is aborted.
 */
export function runsOf(stories: readonly Story[], firstEvent: Partial<KeptnEvent> = {}) {
  const runs: StoredEvent[][] = []
  let position = 0
  let nowMs = START_MS
  let start: NewRunRow | undefined = startRow({
    event: { ...triggered(), ...firstEvent },
    plan: plan(stories[0]?.tasks ?? []),
    by: 'a-token',
  })
  let parent: string | undefined
  for (const [index, story] of stories.entries()) {
    if (start === undefined) break
    const rows: StoredEvent[] = []
    let state: RunState = absentRun
    const take = (row: NewRunRow) => {
      state = evolveRun(state, { ...row, timeMs: nowMs })
      const stream = `run/p1/${rows[0]?.event.id ?? row.event.id}`
      const meta = { ...row.meta } as unknown as NonNullable<StoredEvent['meta']>
      rows.push({
        ...{ event: row.event, meta, projectId: 'p1', timeMs: nowMs },
        ...{ position: ++position, stream, version: rows.length + 1 },
      })
    }
    take(start)
    for (const move of story.moves) {
      // A run that is over triggers the next one in that moment.
      if ((state as RunState).phase === 'ended') break
      nowMs += move.afterMs
      for (const row of decideRun(state, inputOf(state, move), nowMs)) take(row)
    }
    const abort: RunInput = { type: 'abort', by: 'a-person', message: 'enough' }
    for (const row of decideRun(state, abort, nowMs)) take(row)
    runs.push(rows)
    parent = rows[0]?.event.id
    const ended = state as RunState
    const [child] = ended.phase === 'ended' ? childrenOf(ended) : []
    const next = stories[index + 1]
    start =
      child === undefined || next === undefined || parent === undefined
        ? undefined
        : startRow({ event: child.event, plan: plan(next.tasks), by: 'tiphys', parent })
  }
  return runs
}

function inputOf(state: RunState, { action, result, source = 'a-service' }: Move): RunInput {
  if (action === 'proceed' || action === 'tick') return { type: action }
  if (action === 'pause') return { type: 'pause', by: 'a-person', scope: 'context' }
  if (action === 'resume') return { type: 'resume', by: 'a-person' }
  const task = state.phase === 'open' ? state.open[0] : undefined
  return {
    type: 'report',
    triggeredId: task?.event.id ?? 'none',
    action,
    source,
    data: { status: 'succeeded', result, message: `it was ${result}` },
  }
}

function triggered(): KeptnEvent {
  return {
    id: '0190a1b2-0000-7000-8000-00000000abcd',
    type: 'sh.keptn.event.dev.delivery.triggered',
    source: 'a-client',
    specversion: '1.0',
    time: new Date(START_MS).toISOString(),
    shkeptncontext: CONTEXT,
    data: { project: 'shop', stage: 'dev', service: 'carts' },
  }
}

function plan(tasks: readonly string[]): RunPlan {
  return {
    projectId: 'p1',
    project: 'shop',
    stage: 'dev',
    service: 'carts',
    sequence: 'delivery',
    pin: { main: 'c0ffee' },
    commitId: 'c0ffee',
    tasks: tasks.map((name) => ({
      ...{ name, properties: {}, afterMs: 0, finishMs: NO_FINISH_MS, carrier: 'external' },
    })),
    downstream: [
      { stage: 'dev', sequence: 'delivery', match: { result: 'pass' } },
      { stage: 'dev', sequence: 'rollback', match: { result: 'fail' } },
    ],
    queue: 'supersede',
  }
}
