import type { JsonObject } from '@tiphys/contract/json.ts'
import type { RunMeta } from '@tiphys/core/sequence/run-row.ts'
import type { Projection } from '../ports/projections.ts'
import type { StoredEvent } from '../ports/store.ts'
import { runKeyOf, runMetaOf } from './project-of-row.ts'
import { startSort } from './runs.ts'
import type { RunStateWord } from './runs-document.ts'
import { stateAtEnd } from './runs-fold.ts'

/** One keptn context of a project: what lists of sequences page and filter by. The rest is in the documents of its runs. */
export type ContextDocument = {
  readonly projectId: string
  readonly project: string
  readonly context: string
  /** Of the first run. */
  readonly name: string
  readonly service: string
  readonly stage: string
  readonly startedMs: number
  readonly position: number
  readonly state: RunStateWord
  /** States of its runs by run id; what was open before a pause stands behind it. */
  readonly runs: {
    readonly [runId: string]: { readonly state: RunStateWord; readonly before?: RunStateWord }
  }
}

export const CONTEXTS = 'contexts'

export const contextsProjection: Projection = {
  name: CONTEXTS,
  version: 1,
  keysOf(row) {
    const { projectId } = row
    const context = row.event.shkeptncontext
    if (projectId === undefined || context === undefined) return []
    return changesState(runMetaOf(row), row) ? [contextKey(projectId, context)] : []
  },
  fold(document, row) {
    const meta = runMetaOf(row)
    if (meta === undefined) return document
    // Documents of this projection were made by this fold.
    const before = document as unknown as ContextDocument | undefined
    return fold(before, row, meta) as unknown as JsonObject | undefined
  },
  columnsOf(document) {
    const one = document as unknown as ContextDocument
    const { projectId, context, stage, service, name, state } = one
    const sort = startSort(one.startedMs, one.position)
    return { projectId, context, stage, service, name, state, sort }
  },
}

export function contextKey(projectId: string, context: string): string {
  return `${projectId}/${context}`
}

const APPROVAL_TRIGGERED = 'sh.keptn.event.approval.triggered'
const APPROVAL_FINISHED = 'sh.keptn.event.approval.finished'

function changesState(meta: RunMeta | undefined, row: StoredEvent): boolean {
  switch (meta?.k) {
    case 'start':
    case 'task':
    case 'paused':
    case 'resumed':
    case 'end':
      return true
    case 'finished':
    case 'expired':
      return row.event.type === APPROVAL_FINISHED
    default:
      return false
  }
}

function fold(
  before: ContextDocument | undefined,
  row: StoredEvent,
  meta: RunMeta,
): ContextDocument | undefined {
  const base = before ?? (meta.k === 'start' ? begin(row, meta) : undefined)
  if (base === undefined) return undefined
  const runId = runKeyOf(row).split('/')[1] ?? ''
  const runs = { ...base.runs, [runId]: stateAfter(base.runs[runId], row, meta) }
  return { ...base, runs, state: stateOf(Object.values(runs).map((run) => run.state)) }
}

function begin(row: StoredEvent, meta: Extract<RunMeta, { k: 'start' }>): ContextDocument {
  const { projectId, project, sequence, service, stage } = meta.plan
  return {
    projectId,
    project,
    context: row.event.shkeptncontext ?? row.event.id,
    name: sequence,
    service,
    stage,
    startedMs: row.timeMs,
    position: row.position,
    state: 'triggered',
    runs: {},
  }
}

type RunStateEntry = ContextDocument['runs'][string]

function stateAfter(
  before: RunStateEntry | undefined,
  row: StoredEvent,
  meta: RunMeta,
): RunStateEntry {
  switch (meta.k) {
    case 'start':
      return { state: 'triggered' }
    case 'paused':
      return { state: 'paused', before: before?.state ?? 'triggered' }
    case 'resumed':
      return { state: before?.before ?? 'started' }
    case 'end':
      return { state: stateAtEnd(meta.cause) }
    default: {
      const isWaiting = row.event.type === APPROVAL_TRIGGERED
      const state = isWaiting ? 'waitingForApproval' : 'started'
      return before?.state === 'paused' ? { state: 'paused', before: state } : { state }
    }
  }
}

/** The most telling first: what is open stands before what is over, and an end that nobody wanted before an ordinary one. */
const TELLING: readonly RunStateWord[] = [
  'paused',
  'waitingForApproval',
  'started',
  'triggered',
  'aborted',
  'timedOut',
  'finished',
]

function stateOf(states: readonly RunStateWord[]): RunStateWord {
  return TELLING.find((state) => states.includes(state)) ?? 'triggered'
}
