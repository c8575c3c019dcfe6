import type { KeptnEvent, Result, Status } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { RunPlan } from './plan.ts'
import type { DoneTask, EndCause, Soak } from './run-state.ts'

/**
 * One row of a run's stream: the CloudEvent as Keptn's clients see it, and beside it (`meta`) the facts that are ours. `meta.k`
 * says what the row means to the run; the fold looks at nothing else to tell rows apart.
 */
export type RunRow = {
  readonly event: KeptnEvent
  readonly meta: RunMeta
  readonly timeMs: number
}

export type RunMeta =
  /** `<stage>.<sequence>.triggered`: the run begins. Without plan it could not be planned and ends at once. */
  | {
      readonly k: 'start'
      readonly stream: string
      readonly plan: RunPlan
      readonly origin?: JsonObject
      readonly by: string
      /** Set where `by` may trigger runs and answer no tasks: figures of tests that came along count for nothing. */
      readonly senderMayAnswer?: false
      /** The run whose end triggered this one. */
      readonly parent?: string
      /** It waits before the others in its lane: the end of a run in this lane triggered it. */
      readonly front?: boolean
      readonly soak?: Soak
      /** It goes on where another run of the context ended: from this task on, with what was done before. */
      readonly rerun?: Rerun
    }
  /** `<task>.triggered` */
  | ({
      readonly k: 'task'
      readonly due: number
      readonly answerBy: number
      readonly finishBy: number
    } & TaskKey)
  /** `<task>.started` */
  | ({ readonly k: 'started'; readonly by: string } & TaskKey)
  /** `<task>.status.changed` */
  | ({ readonly k: 'changed'; readonly by: string; readonly blocked?: boolean } & TaskKey)
  /** `<task>.finished` from whoever carried it out. */
  | ({ readonly k: 'finished'; readonly by: string } & TaskKey)
  /** `<task>.finished` that the engine wrote because a deadline passed. */
  | ({
      readonly k: 'expired'
      readonly why: 'no-answer' | 'no-finish' | 'sequence-timeout'
    } & TaskKey)
  /** `<name>.triggered`: the executor of a task asks others for something it needs. */
  | ({
      readonly k: 'asked'
      readonly q: string
      readonly name: string
      readonly who: string
      readonly answerBy: number
      readonly lead: number
    } & TaskKey)
  /** `.started`, `.status.changed` or `.finished` of what was asked. */
  | ({
      readonly k: 'told'
      readonly q: string
      readonly action: 'started' | 'status.changed' | 'finished'
      readonly by: string
    } & TaskKey)
  /** Its `.finished` that the engine wrote because a deadline passed. */
  | ({
      readonly k: 'unanswered'
      readonly q: string
      readonly why: 'no-answer' | 'no-finish'
    } & TaskKey)
  /** `dev.tiphys.<type>`: a fact that an executor wants to find again. */
  | ({ readonly k: 'note' } & TaskKey)
  /** The task's condition is false: it is not triggered. */
  | ({ readonly k: 'skipped' } & TaskKey)
  /** Somebody who may do so let the run go on in a freeze (A12). */
  | { readonly k: 'unfrozen'; readonly by: string; readonly reason: string }
  | { readonly k: 'paused'; readonly by: string; readonly scope: PauseScope }
  | { readonly k: 'resumed'; readonly by: string }
  /** What became of a deployment after it was done: it counts against the run (behaviour.md 6). */
  | { readonly k: 'news'; readonly outcome: 'degraded'; readonly message: string }
  /** `<stage>.<sequence>.finished`: the last row. */
  | {
      readonly k: 'end'
      readonly cause: EndCause
      readonly status: Status
      readonly result: Result
      readonly by?: string
    }

/** Whether a whole context was paused or only what it does in this run's stage: runs that follow inherit it. */
export type PauseScope = 'context' | 'stage'

export type Rerun = {
  readonly of: string
  readonly from: number
  readonly done: readonly DoneTask[]
}

export type TaskKey = { readonly i: number; readonly a: number }

/** A row that was decided and not yet written. */
export type NewRunRow = { readonly event: KeptnEvent; readonly meta: RunMeta }
