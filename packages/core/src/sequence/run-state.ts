import type { KeptnEvent, Result, Status } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { RunPlan } from './plan.ts'
import type { PauseScope } from './run-row.ts'

/** One execution of a sequence in one stage for one service. The diagram is in sequence.ts. */
export type RunState = { readonly phase: 'absent' } | OpenRun | EndedRun

export type OpenRun = {
  readonly phase: 'open'
  /** The id of the `.triggered` event that began it. */
  readonly runId: string
  readonly stream: string
  readonly version: number
  readonly context: string
  readonly plan: RunPlan
  /** How it came about, for executors; absent for an ordinary event. */
  readonly origin?: JsonObject
  readonly triggeredMs: number
  /** The merged data so far: input, then every completed task (facts/keptn-v1.md 1.6). */
  readonly payload: JsonObject
  readonly done: readonly DoneTask[]
  /** By (index, attempt), never one "current": joins, parallel tasks and re-runs must fit. */
  readonly open: readonly OpenTask[]
  /** Tasks that were left out by their condition. */
  readonly skipped: readonly SkippedTask[]
  /** What is triggered as soon as it is due, the run is not paused and the lane is its own. */
  readonly next: readonly NextTask[]
  /** What the tasks of the current step brought, until all of them are done: it is merged in the order of the file. */
  readonly collected: readonly StepPart[]
  /** What the last complete step came to. */
  readonly outcome?: Outcome
  /** What the last completed task decided, until the end is written. */
  readonly ending?: Outcome
  /** When the first task was triggered: from then on the run holds its lane. */
  readonly enteredMs?: number
  readonly paused?: { readonly sinceMs: number; readonly by: string; readonly scope: PauseScope }
  readonly deadlineMs?: number
  /** Its deployment was healthy and is no more: it ends as failed, and starts no further task. */
  readonly degraded?: string
  /** It waits until what it promotes has proven itself; a newer deployment there ends it. */
  readonly soak?: Soak
  /** The run it takes up. */
  readonly rerunOf?: string
  /** A freeze no longer holds it. */
  readonly unfrozen?: { readonly by: string; readonly reason: string; readonly atMs: number }
}

export type Outcome = {
  readonly status: Status
  readonly result: Result
  readonly message: string
}

/** What a run waits for that was triggered with `soak`. */
export type Soak = {
  readonly untilMs: number
  /** The stages in which the version has to stay as it is. */
  readonly stages: readonly string[]
  /** The runs whose ends triggered it. */
  readonly runIds: readonly string[]
}

export type SkippedTask = { readonly index: number; readonly name: string; readonly atMs: number }

export type StepPart = {
  readonly index: number
  readonly finished: readonly Finished[]
  readonly outcome: Outcome
}

export type EndedRun = {
  readonly phase: 'ended'
  readonly runId: string
  readonly stream: string
  readonly version: number
  readonly context: string
  readonly plan: RunPlan
  readonly origin?: JsonObject
  readonly payload: JsonObject
  readonly done: readonly DoneTask[]
  readonly skipped: readonly SkippedTask[]
  /** It ended before what it was to take on had proven itself. */
  readonly wasSoaking: boolean
  readonly triggeredMs: number
  readonly endedMs: number
  readonly status: Status
  readonly result: Result
  readonly message: string
  readonly end: EndCause
}

/** Why a run ended: only `completed` and `timed-out` evaluate triggeredOn (behaviour.md 3). */
export type EndCause =
  | 'completed'
  | 'timed-out'
  | 'aborted'
  | 'superseded'
  | 'approval-unanswered'
  | 'not-started'

export type NextTask = { readonly index: number; readonly attempt: number; readonly dueMs: number }

export type OpenTask = {
  readonly index: number
  readonly attempt: number
  readonly name: string
  /** The `<task>.triggered` event as it was written. */
  readonly event: KeptnEvent
  readonly dueMs: number
  /** Both move when the run was paused or the task blocked meanwhile. */
  readonly answerByMs: number
  readonly finishByMs: number
  readonly started: readonly { readonly source: string; readonly atMs: number }[]
  readonly finished: readonly Finished[]
  /** Anything at all came back: no more "nobody answered". */
  readonly answered: boolean
  /** The last `.status.changed` message. */
  readonly progress?: { readonly message: string; readonly atMs: number }
  /** A sync window keeps it from going on; its deadlines stand still since then. */
  readonly blockedSinceMs?: number
  /** Facts its executor noted. */
  readonly notes: readonly { readonly type: string; readonly data: JsonObject }[]
  /** What its executor asked others. */
  readonly questions: readonly Question[]
}

/** Something that a task of ours needs from others (questions.ts): an open event like a task's, which ends nothing but itself. */
export type Question = {
  /** One of the task's: it is asked once. */
  readonly key: string
  /** `get-sli` */
  readonly name: string
  /** For people: `SLI provider dynatrace`. */
  readonly who: string
  /** The `<name>.triggered` event as it was written. */
  readonly event: KeptnEvent
  readonly askedMs: number
  /** Moves when the run was paused meanwhile. */
  readonly answerByMs: number
  /** So long before its task is given up the question is, so that the task can still say why. */
  readonly leadMs: number
  readonly started: readonly { readonly source: string; readonly atMs: number }[]
  readonly finished: readonly Finished[]
  /** Anything at all came back. */
  readonly answered: boolean
  /** The last `.status.changed` message. */
  readonly progress?: string
  /** It is over. */
  readonly reply?: Reply
}

/** What came of a question; `unanswered` when nobody answered, or nobody finished, in time. */
export type Reply = Outcome & {
  readonly code: 'answered' | 'unanswered'
  /** Each answer, in the order they came. */
  readonly finished: readonly Finished[]
}

export type Finished = {
  readonly source: string
  readonly status: Status
  readonly result: Result
  readonly message: string
  readonly data: JsonObject
}

export type DoneTask = {
  readonly index: number
  readonly attempt: number
  readonly name: string
  readonly triggeredId: string
  readonly triggeredMs: number
  readonly endedMs: number
  readonly status: Status
  readonly result: Result
  readonly message: string
  /** Nobody answered, or nobody finished in time. */
  readonly expired: boolean
}
