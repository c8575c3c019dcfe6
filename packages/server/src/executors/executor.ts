import type { Result, Status } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { AskInput } from '@tiphys/core/sequence/questions.ts'
import type { Reply } from '@tiphys/core/sequence/run-state.ts'
import type { ProjectSnapshot } from '../engine/project-snapshot.ts'

/**
 * What carries out the tasks of one name. Built-in executors speak to the engine in the events that remote services use
 * (`started`, `status.changed`, `finished`); the engine writes them from what `execute` reports and returns.
 *
 * An effect is at least once: after a restart `execute` is called again for every task that is still open, so it looks whether
 * its work already happened before it does it. Powers (http, argocd, git, secrets) are arguments of the factory, never of the event.
 */
export interface TaskExecutor {
  /** The task's name in the shipyard: `deployment`. */
  readonly task: string
  /** The `source` of its events. */
  readonly source: string
  /** Deadline where the task names no `timeout`, in ms; undefined = the engine's 24 h. */
  readonly defaultTimeoutMs?: number
  /**
   * Whether this executor is configured for the task at the run's pinned commit (behaviour.md 4).
   * `neutral`: not configured, and the honest answer is a pass that says so; it counts only while nobody subscribed.
   */
  takes(request: TakeRequest): 'configured' | 'neutral' | 'no'
  /** Does the work. Throwing means a bug: the task ends errored with the message. */
  execute(job: TaskJob): Promise<TaskAnswer>
}

/**
 * The message of `signal.reason` when the server shuts down: the task is still open and goes on at the next start, so nothing that
 * was begun outside may be taken back. With any other reason the task itself is over.
 */
export const SERVER_STOPS = 'the server stops'

export type TakeRequest = {
  readonly snapshot: ProjectSnapshot
  readonly stage: string
  readonly service: string
  /** The task's `properties` in the shipyard. */
  readonly properties: JsonObject
}

export type TaskJob = {
  readonly runId: string
  readonly context: string
  readonly projectId: string
  readonly project: string
  readonly stage: string
  readonly service: string
  readonly sequence: string
  readonly task: {
    readonly name: string
    readonly index: number
    readonly attempt: number
    readonly triggeredId: string
  }
  /** Trusted: the shipyard's properties at the pinned commit. What an executor *does* comes from here and from `snapshot`. */
  readonly properties: JsonObject
  /** Untrusted: the merged event data. Supplies values only (image, labels, revision, window, URL), never instructions. */
  readonly data: JsonObject
  /** Trusted: the project's configuration at the run's pin. */
  readonly snapshot: ProjectSnapshot
  /** When `<task>.triggered` became due, ms. */
  readonly dueMs: number
  readonly deadlineMs: number
  /** How the run came about, when it was not an ordinary event: e.g. the Argo CD operation it judges. */
  readonly origin?: JsonObject
  /** Aborts when the run is aborted, superseded, or the deadline has passed. */
  readonly signal: AbortSignal
  /** Facts this task noted before (also before a restart), oldest first. */
  notes(type: string): readonly JsonObject[]
  /** Writes a fact `dev.tiphys.<type>` onto the run's stream; on disk when it resolves. */
  note(type: string, data: JsonObject): Promise<void>
  /**
   * Asks others for something the task needs, as an event `<name>.triggered` that is open like a task's; once per key, also across restarts.
   * Resolves when they answered, or did not in time; rejects when the task is over or the server stops.
   */
  ask(question: JobQuestion): Promise<Reply>
  /** Shown as `<task>.status.changed`. `blocked` stops the task's deadline while it holds (a sync window, behaviour.md 3). */
  progress(
    message: string,
    options?: { readonly blocked?: boolean; readonly data?: JsonObject },
  ): Promise<void>
}

/** `data` stands beside project, stage, service and labels; `who` is for people: `SLI provider dynatrace`. */
export type JobQuestion = Pick<AskInput, 'key' | 'name' | 'who' | 'data'>

export type TaskAnswer =
  /** Becomes `<task>.finished`; `data` is laid beside project, stage, service: e.g. `{ deployment: {…} }`. */
  | {
      readonly code: 'finished'
      readonly status: Status
      readonly result: Result
      readonly message: string
      readonly data?: JsonObject
    }
  /** Started, and left open for somebody else's `.finished` (an approval that a person decides). */
  | { readonly code: 'left-open'; readonly message: string; readonly data?: JsonObject }
