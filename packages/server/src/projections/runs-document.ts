import type { Result, Status } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Carrier } from '@tiphys/core/sequence/plan.ts'
import type { EndCause } from '@tiphys/core/sequence/run-state.ts'

/** A run as lists and timelines show it. Data of tasks stays in the log; this is who, what, when and how it ended. */
export type RunDocument = {
  readonly runId: string
  readonly projectId: string
  readonly project: string
  readonly context: string
  readonly stage: string
  readonly service: string
  readonly sequence: string
  readonly commitId: string
  /** Token or part that triggered it. */
  readonly by: string
  readonly source: string
  /** The run whose end triggered this one. */
  readonly parent?: string
  /** It takes up a run that was over, from this task on. */
  readonly rerun?: { readonly of: string; readonly from: number; readonly fromTask: string }
  /** Until then its first task waits for the version to prove itself. */
  readonly soakUntilMs?: number
  /** A freeze no longer holds it. */
  readonly unfrozen?: { readonly by: string; readonly reason: string; readonly atMs: number }
  /** Indexes of tasks that their condition left out. */
  readonly skipped?: readonly number[]
  readonly origin?: JsonObject
  readonly labels?: { readonly [label: string]: string }
  readonly problemTitle?: string
  readonly position: number
  readonly triggeredMs: number
  readonly endedMs?: number
  readonly state: RunStateWord
  /** What a resume goes back to. */
  readonly stateBeforePause?: RunStateWord
  readonly pausedBy?: string
  /** Its deployment went bad after it was done; the run fails for it. */
  readonly degraded?: { readonly message: string; readonly atMs: number }
  /** Tasks of the sequence, in order; `tasks` holds those that were triggered. */
  readonly planned: readonly string[]
  /** Who carries out each of them (behaviour.md 4). */
  readonly carriers: readonly Carrier[]
  readonly tasks: readonly TaskDocument[]
  readonly image?: string
  readonly latestEvent: EventReference
  readonly latestFailedEvent?: EventReference
  /** As Keptn: of `lighthouse-service` only. */
  readonly latestEvaluation?: EvaluationScore
  readonly end?: RunEnd
}

/** The states of an execution in Keptn; `waiting` is seen only in the live engine. */
export type RunStateWord =
  | 'triggered'
  | 'started'
  | 'waitingForApproval'
  | 'paused'
  | 'finished'
  | 'timedOut'
  | 'aborted'

export type RunEnd = {
  readonly cause: EndCause
  readonly status: Status
  readonly result: Result
  readonly message: string
  readonly by?: string
}

export type EventReference = {
  readonly type: string
  readonly id: string
  readonly timeMs: number
  readonly position: number
}

export type TaskDocument = {
  readonly index: number
  readonly attempt: number
  readonly name: string
  readonly triggeredId: string
  readonly triggeredMs: number
  readonly answerByMs: number
  readonly finishByMs: number
  /** Answers, oldest first. */
  readonly answers: readonly TaskAnswerDocument[]
  readonly progress?: { readonly message: string; readonly atMs: number }
  /** What an evaluation task said, whoever carried it out. */
  readonly evaluation?: EvaluationScore
  readonly outcome?: TaskOutcome
}

export type EvaluationScore = { readonly result: string; readonly score: number }

export type TaskAnswerDocument = {
  readonly type: string
  readonly eventId: string
  readonly source: string
  /** Token or part that sent it. */
  readonly by: string
  readonly atMs: number
  readonly status?: Status
  readonly result?: Result
  readonly message?: string
}

export type TaskOutcome = {
  readonly status: Status
  readonly result: Result
  readonly message: string
  readonly endedMs: number
  /** Nobody answered or finished in time. */
  readonly expired: boolean
}
