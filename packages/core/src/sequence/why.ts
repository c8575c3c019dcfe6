/** One unmet condition of a run (A10): what it waits for, since when, who could resolve it, when it gives up. */
export type WaitingReason = {
  readonly runId: string
  readonly stage: string
  readonly service: string
  readonly sequence: string
  readonly code:
    | 'delay'
    | 'lane'
    | 'paused'
    | 'answer'
    | 'finish'
    | 'approval'
    | 'nobody'
    | 'blocked'
  /** One sentence for people. */
  readonly message: string
  readonly sinceMs: number
  /** Who or what ends it. */
  readonly resolvedBy: string
  /** When the waiting ends by itself; absent = never. */
  readonly untilMs?: number
}
