/** How many typing mistakes apart a name may be and still be offered as what was meant. */
const MAX_DISTANCE = 3

/** The candidate nearest to what was written, or undefined when none is near enough to be meant. */
export function didYouMean(
  written: string,
  candidates: readonly string[],
  maxDistance = MAX_DISTANCE,
): string | undefined {
  const limit = Math.min(maxDistance, Math.max(1, Math.floor(written.length / 2)))
  let best: { name: string; distance: number } | undefined
  for (const name of candidates) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase())
    if (distance <= limit && (best === undefined || distance < best.distance)) {
      best = { name, distance }
    }
  }
  return best?.name
}

/** Levenshtein distance: insertions, deletions and replacements of one character each. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1)
      const removed = (previous[column] ?? 0) + 1
      const inserted = (current[column - 1] ?? 0) + 1
      current.push(Math.min(replaced, removed, inserted))
    }
    previous = current
  }
  return previous[right.length] ?? 0
}
