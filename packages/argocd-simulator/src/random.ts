/** Numbers in [0, 1) that follow from the seed, so that a run with traps can be repeated. */
export type Random = () => number

const INCREMENT = 0x6d2b79f5
const UINT32 = 2 ** 32

/** The mulberry32 generator: small, fast, good enough to decide about traps. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + INCREMENT) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / UINT32
  }
}
