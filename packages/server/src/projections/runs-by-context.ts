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
  /** States of its runs by run id. */
  readonly runs: { readonly [runId: string]: RunStateEntry }
}

type RunStateEntry = {
  readonly state: RunStateWord
  /** What was open before a pause stands behind it. */
  readonly before?: RunStateWord
  /** Approvals under way, by task and attempt: an approval that several handlers started ends with the last of them. */
  readonly approvals?: { readonly [task: string]: Answers }
}

type Answers = { readonly started: number; readonly finished: number }

export const CONTEXTS = 'contexts'

export const contextsProjection: Projection = {
  name: CONTEXTS,
  version: 2,
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
const APPROVAL_STARTED = 'sh.keptn.event.approval.started'
const APPROVAL_FINISHED = 'sh.keptn.event.approval.finished'

function changesState(meta: RunMeta | undefined, row: StoredEvent): boolean {
  switch (meta?.k) {
    case 'start':
    case 'task':
    case 'paused':
    case 'resumed':
    case 'end':
      return true
    case 'started':
      return row.event.type === APPROVAL_STARTED
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

function stateAfter(
  before: RunStateEntry | undefined,
  row: StoredEvent,
  meta: RunMeta,
): RunStateEntry {
  switch (meta.k) {
    case 'start':
      return { state: 'triggered' }
    case 'paused':
      return { ...before, state: 'paused', before: before?.before ?? before?.state ?? 'triggered' }
    case 'resumed': {
      const { before: beneath, ...rest } = before ?? { state: 'started' }
      return { ...rest, state: beneath ?? rest.state }
    }
    case 'end':
      return { state: stateAtEnd(meta.cause) }
    case 'task':
    case 'started':
    case 'finished':
    case 'expired':
      return underWay(before, approvalsAfter(before?.approvals ?? {}, row, meta))
    default:
      return before ?? { state: 'started' }
  }
}

type Approvals = NonNullable<RunStateEntry['approvals']>

function approvalsAfter(
  before: Approvals,
  row: StoredEvent,
  meta: Extract<RunMeta, { k: 'task' | 'started' | 'finished' | 'expired' }>,
): Approvals {
  const key = `${meta.i}/${meta.a}`
  if (row.event.type === APPROVAL_TRIGGERED)
    return { ...before, [key]: { started: 0, finished: 0 } }
  const { [key]: answers, ...others } = before
  if (answers === undefined || meta.k === 'expired') return others
  if (meta.k === 'started')
    return { ...others, [key]: { ...answers, started: answers.started + 1 } }
  const finished = answers.finished + 1
  // Finished implies started, as in evolveRun.
  if (finished >= Math.max(1, answers.started)) return others
  return { ...others, [key]: { ...answers, finished } }
}

function underWay(before: RunStateEntry | undefined, approvals: Approvals): RunStateEntry {
  const waits = Object.keys(approvals).length > 0
  const state = waits ? 'waitingForApproval' : 'started'
  const kept = waits ? { approvals } : {}
  return before?.state === 'paused'
    ? { state: 'paused', before: state, ...kept }
    : { state, ...kept }
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
