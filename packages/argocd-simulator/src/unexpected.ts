/**
 * For promises that nobody waits for and that fail only by a bug of ours: throws outside of the promise, so that
 * the bug is seen instead of something waiting for ever.
 */
export function unexpected(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
