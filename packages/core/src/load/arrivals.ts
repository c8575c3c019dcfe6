/**
 * When the requests of an open model leave. The rate grows from 0 over the ramp and then stays:
 *
 *   rate |        ___________        requests due until t:  r t² / 2T              while t < T (the ramp)
 *        |      /                                           r T / 2 + r (t - T)    after it
 *        |____/_______________ t
 *
 * The times follow from the plan alone, never from the answers: that is what makes the model open.
 */
export type ArrivalPlan = {
  readonly ratePerS: number
  readonly rampMs: number
  /** The last request leaves before this, counted from the start of the ramp. */
  readonly totalMs: number
}

/** Numbers in [0, 1). */
export type Random = () => number

/** At what offset the plan has asked for so many requests. */
export function offsetOfMs(plan: ArrivalPlan, requests: number): number {
  const perMs = plan.ratePerS / 1_000
  const inRamp = (perMs * plan.rampMs) / 2
  if (requests < inRamp) return Math.sqrt((2 * plan.rampMs * requests) / perMs)
  return plan.rampMs + (requests - inRamp) / perMs
}

/** Offsets at an even distance while the rate is constant: 0, 50, 100 ms … at 20/s. */
export function* constantArrivals(plan: ArrivalPlan): Generator<number, void, undefined> {
  for (let requests = 0; ; requests++) {
    const offsetMs = offsetOfMs(plan, requests)
    if (offsetMs >= plan.totalMs) return
    yield offsetMs
  }
}

/** Offsets as independent users make them: exponential gaps with the plan's rate as their mean, so bursts and lulls. */
export function* poissonArrivals(
  plan: ArrivalPlan,
  random: Random,
): Generator<number, void, undefined> {
  for (let requests = gap(random); ; requests += gap(random)) {
    const offsetMs = offsetOfMs(plan, requests)
    if (offsetMs >= plan.totalMs) return
    yield offsetMs
  }
}

function gap(random: Random): number {
  return -Math.log(1 - random())
}

const INCREMENT = 0x9e3779b9
const UINT32 = 2 ** 32

/** Numbers that follow from the seed (splitmix32), so that a test sends the same arrivals when it is run again. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + INCREMENT) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / UINT32
  }
}

/** When each user of a closed model begins: one after the other over the ramp, all at once without one. */
export function userStartOffsetMs(user: number, users: number, rampMs: number): number {
  return (rampMs * user) / users
}
