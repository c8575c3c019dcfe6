/** A small deterministic generator (mulberry32): the same seed gives the same story, on any machine. */
export type SeededRandom = {
  /** 0 <= x < 1 */
  next(): number
  /** Draws in any case, so that a probability of 0 leaves all later draws as they were. */
  chance(probability: number): boolean
  /** An integer from 0 to below. */
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  /** Another generator that follows from this one's seed and a name: draws of one part do not move those of another. */
  fork(name: string): SeededRandom
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    chance: (probability) => next() < probability,
    below: (limit) => Math.floor(next() * limit),
    pick(items) {
      if (items.length === 0) throw new Error('nothing to pick from')
      return items[Math.floor(next() * items.length)] as (typeof items)[number]
    },
    fork: (name) => seededRandom(seedOf(seed, name)),
  }
}

function seedOf(seed: number, name: string): number {
  let mixed = seed >>> 0
  for (const letter of name) {
    mixed = Math.imul(mixed ^ (letter.codePointAt(0) ?? 0), 0x27d4eb2f)
    mixed ^= mixed >>> 15
  }
  return mixed >>> 0
}
