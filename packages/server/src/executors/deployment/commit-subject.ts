import type { FieldValue } from '../../ports/desired-state.ts'

/** What a commit message's first line may hold. */
const MAX_CHARACTERS = 72

/** `deploy carts to dev: ghcr.io/acme/carts:1.4`, as much of it as fits. */
export function commitSubject(
  what: string,
  edits: readonly { readonly value: FieldValue }[],
): string {
  const values = [...new Set(edits.flatMap(({ value }) => (value === null ? [] : [value])))]
  const full = values.length === 0 ? what : `${what}: ${values.join(', ')}`
  if (full.length <= MAX_CHARACTERS) return full
  // The end of an image reference says more than its registry.
  const short = `${what}: …${values.join(', ').slice(-(MAX_CHARACTERS - what.length - 3))}`
  return what.length + 10 <= MAX_CHARACTERS ? short : `${what.slice(0, MAX_CHARACTERS - 1)}…`
}
