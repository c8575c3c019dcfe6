/** What waits in the outbox. */
export type OutboxStanding = {
  readonly waiting: number
  /** Of them, those that failed at least once. */
  readonly retrying: number
  readonly oldestDueMs?: number
}
