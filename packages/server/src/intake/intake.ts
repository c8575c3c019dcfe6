import type { Actor } from './actor.ts'

/** The one door for events (behaviour.md 1): HTTP, CLI and remote services all come through it. */
export interface Intake {
  /**
   * Takes a CloudEvent as a client sent it (parsed JSON of any shape). `accepted` means on disk, together with its
   * consequences; a repeat is accepted with `duplicate: true` and does nothing.
   */
  accept(body: unknown, actor: Actor, options?: IntakeOptions): Promise<IntakeAnswer>
}

export type IntakeOptions = {
  readonly idempotencyKey?: string
  /** For the log. */
  readonly requestId?: string
  /** The header of that name (W3C Trace Context); kept with the event where traces are exported. */
  readonly traceparent?: string
}

export type IntakeAnswer =
  | {
      readonly code: 'accepted'
      readonly keptnContext: string
      readonly eventId: string
      readonly duplicate: boolean
    }
  /** 400 */
  | { readonly code: 'invalid-event'; readonly message: string }
  /** 404 */
  | { readonly code: 'project-not-found'; readonly message: string }
  /** 403 */
  | { readonly code: 'forbidden'; readonly message: string }
