/** Runs something synchronous as callers of a port expect it: a throw becomes a rejection. */
export async function attempt<T>(work: () => T): Promise<T> {
  return await work()
}
