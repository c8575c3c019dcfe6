/**
 * Who is next when each has a weight: smooth weighted round-robin. Shares are exact after every full round, the heavy ones are
 * spread and not sent in a row, and no random number is needed.
 */
export function createWeightedChoice(weights: readonly number[]): () => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const credits = weights.map(() => 0)
  return () => {
    let chosen = 0
    for (const [index, weight] of weights.entries()) {
      credits[index] = (credits[index] ?? 0) + weight
      if ((credits[index] ?? 0) > (credits[chosen] ?? 0)) chosen = index
    }
    credits[chosen] = (credits[chosen] ?? 0) - total
    return chosen
  }
}
