const PATIENCE_MS = 30_000
const LOOK_EVERY_MS = 25

/** Looks until there is an answer. Fails with what was waited for, and what was seen last, when none comes. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  options: { readonly patienceMs?: number; readonly seen?: () => unknown } = {},
): Promise<T> {
  const patienceMs = options.patienceMs ?? PATIENCE_MS
  const deadlineMs = Date.now() + patienceMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > deadlineMs) {
      const seen = options.seen === undefined ? '' : `\n${JSON.stringify(options.seen(), null, 1)}`
      throw new Error(`waited ${patienceMs / 1_000} s for ${what}${seen}`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
