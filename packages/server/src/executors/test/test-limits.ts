import { formatDuration } from '@tiphys/contract/duration.ts'
import type { LoadPlan, TestPlan } from '@tiphys/contract/test-plan.ts'
import type { LoadShare } from './load-budget.ts'

/** What load tests of this server may do, a setting of its operator. */
export type TestLimits = {
  /** All load tests that run at the same time, together. */
  readonly maxRatePerS: number
  readonly maxConnections: number
  /** One load test with ramp and warm-up. */
  readonly maxDurationMs: number
}

/**
 * A small part of what the generator reaches on one core (bench/load.ts), so that the server keeps its answers fast; connections well
 * below the usual limit on open files; an hour is longer than any test that should hold up a delivery.
 */
export const DEFAULT_TEST_LIMITS: TestLimits = {
  maxRatePerS: 500,
  maxConnections: 1_000,
  maxDurationMs: 3_600_000,
}

/** Enough for a short stall at a low rate. */
const FEWEST_CONNECTIONS = 10

/** What of the server's limits a load test takes for itself. */
export function shareOf(load: LoadPlan, limits: TestLimits): LoadShare {
  if (load.model === 'closed') {
    const fastest = load.thinkTimeMs > 0 ? (load.users * 1_000) / load.thinkTimeMs : Infinity
    const ratePerS = Math.min(load.maxRatePerS ?? limits.maxRatePerS, fastest)
    return { ratePerS: Math.min(ratePerS, limits.maxRatePerS), connections: load.users }
  }
  // So many are in flight when every request takes as long as it may: with them no arrival is ever dropped.
  const needed = Math.ceil((load.ratePerS * load.timeoutMs) / 1_000)
  const enough = Math.min(Math.max(needed, FEWEST_CONNECTIONS), limits.maxConnections)
  return { ratePerS: load.ratePerS, connections: load.maxConcurrent ?? enough }
}

export function loadDurationMs(load: LoadPlan): number {
  return load.rampMs + load.warmupMs + load.durationMs
}

/** The first thing about the tests that this server does not allow, or that cannot be done in time, in one sentence. */
export function limitFault(
  tests: readonly TestPlan[],
  limits: TestLimits,
  remainingMs: number,
): string | undefined {
  let totalMs = 0
  for (const test of tests) {
    if (test.kind !== 'load') continue
    const fault = loadFault(test.load, limits)
    if (fault !== undefined) return `${test.name} ${fault}`
    totalMs += loadDurationMs(test.load)
  }
  if (totalMs < remainingMs) return undefined
  const [needed, left] = [formatDuration(totalMs), formatDuration(remainingMs)]
  return `the load tests take ${needed}, and the task ends in ${left}; give it a longer \`timeout\` in the shipyard`
}

function loadFault(load: LoadPlan, limits: TestLimits): string | undefined {
  const { ratePerS, connections } = shareOf(load, limits)
  const maxRatePerS = load.model === 'closed' ? (load.maxRatePerS ?? 0) : ratePerS
  const together = 'for all load tests together'
  if (maxRatePerS > limits.maxRatePerS) {
    return `asks for ${maxRatePerS}/s, and this server allows ${limits.maxRatePerS}/s ${together}`
  }
  if (connections > limits.maxConnections) {
    return `asks for ${connections} connections, and this server allows ${limits.maxConnections} ${together}`
  }
  const durationMs = loadDurationMs(load)
  if (durationMs > limits.maxDurationMs) {
    const [wanted, allowed] = [formatDuration(durationMs), formatDuration(limits.maxDurationMs)]
    return `runs for ${wanted}, and this server allows ${allowed}`
  }
  return undefined
}
