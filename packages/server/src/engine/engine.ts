import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { OpenRun, RunState } from '@tiphys/core/sequence/run-state.ts'
import type { WaitingReason } from '@tiphys/core/sequence/why.ts'
import type { Actor } from '../intake/actor.ts'
import type { DedupeKey, NewEffect } from '../ports/store.ts'

/**
 * The loop: load, fold, decide, append, then carry out effects. Everything that changes a run goes through `submit`, one input
 * at a time, and is on disk when the promise resolves.
 */
export interface Engine {
  submit(input: EngineInput): Promise<EngineAnswer>
  /** Pauses, resumes or aborts every open run of a context, or those of one stage, or lets them go on in a freeze. An unknown context changes nothing. */
  control(request: ControlRequest): Promise<{ readonly runs: number }>
  /**
   * Takes up a run that is over, in the same context: a new run of its sequence, pinned anew, that begins at the step that failed (A7).
   * The run's own sequence must still have that step.
   */
  rerun(request: RerunRequest): Promise<RerunAnswer>
  /** News about what a run deployed or judges; once per `key`. */
  tell(news: RunNews): Promise<'told' | 'ended' | 'repeat'>
  /** `.triggered` events that wait for an answer, oldest first; delayed tasks are not among them yet. */
  openTriggered(filter: OpenTriggeredFilter): readonly KeptnEvent[]
  /** A run that is not over yet. */
  openRun(runId: string): OpenRun | undefined
  openRunsOf(projectId: string, context?: string): readonly OpenRun[]
  /** A run that may be over: folded from its stream. */
  run(projectId: string, runId: string): Promise<RunState | undefined>
  /** Each unmet condition of every open run of a context (A10). */
  why(projectId: string, context: string): readonly WaitingReason[]
  /** Drops every open run of a project that is being deleted, and cancels its executors. Writes nothing: the rows go with the project. */
  forgetProject(projectId: string): Promise<void>
  /** Ends when every input so far is decided and written. Executors may still be at work. For tests and shutdown. */
  settled(): Promise<void>
  /** Stops taking inputs, cancels executors, writes what is decided. Open runs go on at the next start. */
  close(): Promise<void>
}

export type EngineInput = {
  /** Complete: id, time (acceptance), context. */
  readonly event: KeptnEvent
  /** Unset for an event that names no project. */
  readonly projectId?: string
  readonly actor: Actor
  /** A repeat of any of them does nothing. */
  readonly dedupeKeys?: readonly DedupeKey[]
  /** How a run came about, for its executors: the Argo CD operation it judges, say. */
  readonly origin?: JsonObject
  /** Outbox rows written in the same commit. */
  readonly effects?: readonly NewEffect[]
  /** Store in the inbox whatever the type says: a hint that an effect will look into. */
  readonly inboxOnly?: boolean
  readonly meta?: JsonObject
  /** Pins the new run to this commit of its project instead of the newest. */
  readonly commitId?: string
}

export type EngineAnswer =
  | {
      readonly code: 'accepted'
      readonly context: string
      readonly eventId: string
      readonly routed: 'run' | 'new-run' | 'inbox'
    }
  | { readonly code: 'repeat'; readonly context: string }

export type RunNews = {
  readonly key: string
  readonly runId: string
  readonly outcome: 'degraded'
  readonly message: string
}

export type ControlRequest = {
  readonly projectId: string
  readonly context: string
  readonly stage?: string
  /** `override-freeze`: what a freeze holds goes on (A12). */
  readonly action: 'pause' | 'resume' | 'abort' | 'override-freeze'
  readonly actor: Actor
  /** Why a freeze is overridden. */
  readonly reason?: string
}

export type RerunRequest = {
  readonly projectId: string
  readonly runId: string
  /** The task to begin with; unset: the one that failed. */
  readonly from?: string
  readonly actor: Actor
  /** The id of the new run: of its `.triggered` event. */
  readonly newRunId: string
  /** What was deployed in its place since, in words: then only a re-run that deploys again makes sense. */
  readonly replacedBy?: string
  /** Also where it would meet another version, or one that has not proven itself. */
  readonly force?: boolean
}

export type RerunAnswer =
  | { readonly code: 'started'; readonly context: string; readonly runId: string }
  | {
      readonly code:
        | 'not-found'
        | 'still-open'
        | 'nothing-failed'
        | 'no-such-task'
        | 'not-reached'
        | 'changed'
        | 'replaced'
        | 'under-way'
      readonly message: string
    }

export type OpenTriggeredFilter = {
  readonly projectId?: string
  readonly type?: string
  readonly stage?: string
  readonly service?: string
  readonly context?: string
  readonly eventId?: string
}
