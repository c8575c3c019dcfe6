import type { JsonObject } from '@tiphys/contract/json.ts'
import type { TriggerEvent } from './foreign-event.ts'

/** What the Argo CD side asks of the engine: start one run, tell one, or report a problem. All of it durable when it resolves. */
export type RunDoor = {
  /** Starts a run, once per `dedupeKey`. `repeat` names the context of the run that the key started before. */
  submitTriggered(trigger: {
    readonly projectId: string
    readonly event: TriggerEvent
    readonly dedupeKey: string
    readonly origin?: JsonObject
  }): Promise<{ readonly code: 'accepted' | 'repeat'; readonly context: string }>
  /** News for a run about the application that it deployed or judges; once per `key`. */
  tellRun(news: RunNews): Promise<'told' | 'ended' | 'repeat'>
  /** A problem event, for news whose run is over; once per `key`. */
  reportProblem(news: RunNews): Promise<void>
}

export type RunNews = {
  readonly key: string
  readonly projectId: string
  readonly runId: string
  readonly project: string
  readonly stage: string
  readonly service: string
  readonly instance: string
  /** `namespace/name`. */
  readonly application: string
  readonly outcome: 'degraded'
  readonly message: string
}
