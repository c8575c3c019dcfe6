import type { KeptnEvent, Result, Status } from '@tiphys/contract/event.ts'
import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'
import { unreachable } from '../assert.ts'
import { formatTimestamp } from '../evaluation/timestamp.ts'
import { eventId } from '../event-id.ts'
import { type ChildWish, type JoinArrival, triggeredEvent } from '../sequence/begin-run.ts'

/**
 * A join: a sequence that starts once several others of the same context have ended as it wants (A11).
 *
 *   absent ──first end──▶ waiting ──the last one fulfilled──▶ over (fired)
 *                           │ a later end of the same sequence replaces the earlier one
 *                           └──`within` is over, or its context is aborted──▶ over (expired, aborted)
 *
 * It has a stream of its own, named after the run whose end came first, and changes in the commit that ends a run. An end that does
 * not fulfil its selector is kept as well: `why` says what is missing, and a re-run may bring it.
 */
export type JoinState =
  | { readonly phase: 'absent' }
  | OpenJoin
  | { readonly phase: 'over'; readonly stream: string; readonly version: number }

export type OpenJoin = {
  readonly phase: 'waiting'
  readonly stream: string
  readonly version: number
  readonly scope: JoinScope
  readonly events: readonly string[]
  readonly sinceMs: number
  readonly deadlineMs: number
  /** By event, the latest of each. */
  readonly arrived: Readonly<Record<string, Arrived>>
}

export type JoinScope = {
  readonly projectId: string
  readonly project: string
  readonly service: string
  readonly context: string
  /** What it starts. */
  readonly stage: string
  readonly sequence: string
  readonly entry: number
}

export type Arrived = {
  readonly runId: string
  readonly stage: string
  readonly fulfilled: boolean
  readonly status: Status
  readonly result: Result
  readonly payload: JsonObject
  readonly atMs: number
}

export type JoinMeta =
  | {
      readonly k: 'join-arrived'
      readonly event: string
      readonly arrived: Arrived
      /** The first row says what is waited for. */
      readonly opened?: {
        readonly stream: string
        readonly scope: JoinScope
        readonly events: readonly string[]
        readonly deadlineMs: number
      }
    }
  | { readonly k: 'join-fired'; readonly runId: string }
  | { readonly k: 'join-expired' }
  | { readonly k: 'join-aborted'; readonly by: string }

export type NewJoinRow = { readonly event: KeptnEvent; readonly meta: JoinMeta }
export type JoinRow = NewJoinRow & { readonly timeMs: number }

export type JoinInput =
  | {
      readonly type: 'arrive'
      readonly arrival: JoinArrival
      readonly scope: JoinScope
      readonly arrived: Omit<Arrived, 'atMs' | 'fulfilled'>
    }
  | { readonly type: 'tick' }
  | { readonly type: 'abort'; readonly by: string }

/** The rows to append, and the run to start where the join is complete now. */
export type JoinDecision = { readonly rows: readonly NewJoinRow[]; readonly child?: ChildWish }

export const absentJoin: JoinState = { phase: 'absent' }

/** Which join the end of a run belongs to, among those that wait. */
export function joinKey(scope: JoinScope): string {
  const { projectId, context, service, stage, sequence, entry } = scope
  return [projectId, context, service, stage, sequence, entry].join('/')
}

export function joinStream(projectId: string, firstRunId: string, scope: JoinScope): string {
  return `join/${projectId}/${firstRunId}/${scope.stage}.${scope.sequence}.${scope.entry}`
}

export function decideJoin(state: JoinState, input: JoinInput, nowMs: number): JoinDecision {
  if (state.phase === 'over') return { rows: [] }
  if (input.type === 'abort') {
    if (state.phase === 'absent') return { rows: [] }
    const { by } = input
    return { rows: [joinRow(state, 'aborted', { k: 'join-aborted', by }, nowMs, { by })] }
  }
  if (input.type === 'tick') {
    if (state.phase === 'absent' || nowMs < state.deadlineMs) return { rows: [] }
    return { rows: [joinRow(state, 'expired', { k: 'join-expired' }, nowMs)] }
  }
  return arrive(state, input, nowMs)
}

function arrive(
  state: Exclude<JoinState, { phase: 'over' }>,
  input: Extract<JoinInput, { type: 'arrive' }>,
  nowMs: number,
): JoinDecision {
  const { arrival, scope } = input
  const { event, fulfilled, join } = arrival
  const arrived: Arrived = { ...input.arrived, fulfilled, atMs: nowMs }
  const stream =
    state.phase === 'absent' ? joinStream(scope.projectId, arrived.runId, scope) : state.stream
  const opened = { stream, scope, events: join.events, deadlineMs: nowMs + join.withinMs }
  const meta: JoinMeta = {
    k: 'join-arrived',
    event,
    arrived,
    ...(state.phase === 'absent' ? { opened } : {}),
  }
  const place = { stream, version: state.phase === 'absent' ? 0 : state.version, scope }
  const first = joinRow(place, 'arrived', meta, nowMs, { event, fulfilled, result: arrived.result })
  const after = evolveJoin(state, { ...first, timeMs: nowMs })
  if (after.phase !== 'waiting' || missingOf(after).length > 0) return { rows: [first] }
  const child = childOfJoin(after, arrival.soakMs, nowMs)
  const fired = joinRow(after, 'fired', { k: 'join-fired', runId: child.event.id }, nowMs)
  return { rows: [first, fired], child }
}

/** The ends that have not come, or not as they are wanted, in the order of the file. */
export function missingOf(join: OpenJoin): readonly string[] {
  return join.events.filter((event) => !join.arrived[event]?.fulfilled)
}

export function evolveJoin(state: JoinState, row: JoinRow): JoinState {
  const { meta } = row
  switch (meta.k) {
    case 'join-arrived': {
      const { event, arrived, opened } = meta
      if (state.phase === 'waiting') {
        const version = state.version + 1
        return { ...state, version, arrived: { ...state.arrived, [event]: arrived } }
      }
      if (opened === undefined || state.phase === 'over') return state
      const sinceMs = row.timeMs
      return { phase: 'waiting', version: 1, ...opened, sinceMs, arrived: { [event]: arrived } }
    }
    case 'join-fired':
    case 'join-expired':
    case 'join-aborted':
      if (state.phase !== 'waiting') return state
      return { phase: 'over', stream: state.stream, version: state.version + 1 }
    default:
      return unreachable(meta)
  }
}

function childOfJoin(join: OpenJoin, soakMs: number | undefined, nowMs: number): ChildWish {
  const { scope, events } = join
  const parts = events.flatMap((event) => join.arrived[event] ?? [])
  const { stage, sequence, context, project, service } = scope
  const merged = parts.map((part) => part.payload).reduce(mergeBranches, {})
  const { message: _, ...payload } = merged
  const data = { ...payload, ...worstOf(parts), project, stage, service }
  const id = eventId(`${join.stream}>`, join.version, nowMs)
  const event = triggeredEvent({ id, stage, sequence, context, data }, nowMs)
  if (soakMs === undefined) return { stage, sequence, event }
  const stages = [...new Set(parts.map((part) => part.stage))]
  const runIds = parts.map((part) => part.runId)
  return { stage, sequence, event, soak: { untilMs: nowMs + soakMs, stages, runIds } }
}

/** An approval behind a join is asked about the worst branch. */
function worstOf(parts: readonly Arrived[]): { readonly result: Result; readonly status: Status } {
  const results = parts.map((part) => part.result)
  const result = (['fail', 'warning'] as const).find((word) => results.includes(word)) ?? 'pass'
  const errored = parts.find((part) => part.status !== 'succeeded')
  return { result, status: errored?.status ?? 'succeeded' }
}

/**
 * The branches of a join share what came before them, so lists are not laid behind each other as they are from task to task: what
 * the later branch in the file says counts, and objects are merged.
 */
export function mergeBranches(left: JsonObject, right: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...left }
  for (const [key, value] of Object.entries(right)) {
    const known = merged[key]
    const both = known !== undefined && isJsonObject(known) && isJsonObject(value)
    merged[key] = both ? mergeBranches(known, value) : value
  }
  return merged
}

function joinRow(
  place: { readonly stream: string; readonly version: number; readonly scope: JoinScope },
  what: 'arrived' | 'fired' | 'expired' | 'aborted',
  meta: JoinMeta,
  nowMs: number,
  data: JsonObject = {},
): NewJoinRow {
  const { stream, version, scope } = place
  const { project, service, stage, sequence, context } = scope
  return {
    event: {
      id: eventId(stream, version + 1, nowMs),
      type: `dev.tiphys.join.${what}`,
      source: 'tiphys',
      specversion: '1.0',
      time: formatTimestamp(nowMs),
      contenttype: 'application/json',
      shkeptncontext: context,
      data: { project, service, stage, sequence, ...data },
    },
    meta,
  }
}
