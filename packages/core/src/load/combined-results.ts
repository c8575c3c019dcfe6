import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'

/**
 * Figures of several measurements as those of one: result files of a command, tests of a run, files that were uploaded. Each is
 * `data.test.results` without `targets`.
 *
 * Only what can be put together honestly is: counts are added, smallest and largest are kept, rates follow from the counts. A percentile of two
 * measurements is none of both, so it is left out where more than one measured requests; each keeps its own.
 */
export function combineResults(all: readonly JsonObject[]): JsonObject {
  const [only, ...others] = all
  if (only === undefined) return {}
  if (others.length === 0) return withoutTargets(only)
  const names = new Set(all.flatMap((one) => Object.keys(one)))
  names.delete('targets')
  const entries = [...names].flatMap((name): [string, Json][] => {
    const value = combined(name, all)
    return value === undefined ? [] : [[name, value]]
  })
  return withRates(Object.fromEntries(entries), all)
}

const COUNTS: ReadonlySet<string> = new Set([
  'requests',
  'failures',
  'dropped',
  'timeouts',
  'connection_errors',
  'answers_too_large',
  'unexpected_status',
  'checks_passed',
  'checks_failed',
  'duration_ms',
  ...[1, 2, 3, 4, 5].map((hundreds) => `status_${hundreds}xx`),
])
/** Blocks that count tests, and can be added. */
const COUNTING_BLOCKS: ReadonlySet<string> = new Set(['junit', 'playwright'])
const PERCENT = 100

function combined(name: string, all: readonly JsonObject[]): Json | undefined {
  const values = all.flatMap((one) => one[name] ?? [])
  if (COUNTS.has(name)) return sum(values)
  if (name === 'response_time_min') return extreme(values, Math.min)
  if (name === 'response_time_max') return extreme(values, Math.max)
  if (COUNTING_BLOCKS.has(name)) return sumOfBlocks(values)
  const isOfRequests = name.startsWith('response_time_') || REQUEST_FIGURES.has(name)
  const measuring = all.filter((one) => typeof one['requests'] === 'number').length
  if (isOfRequests && measuring > 1) return undefined
  return values.length === 1 ? values[0] : undefined
}

const REQUEST_FIGURES: ReadonlySet<string> = new Set(['rps', 'error_rate', 'send_delay_p99'])

function sum(values: readonly Json[]): number | undefined {
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length === 0 ? undefined : numbers.reduce((total, one) => total + one, 0)
}

function extreme(values: readonly Json[], pick: (...values: number[]) => number) {
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length === 0 ? undefined : pick(...numbers)
}

function sumOfBlocks(values: readonly Json[]): JsonObject {
  const blocks = values.filter(isJsonObject)
  const names = new Set(blocks.flatMap((block) => Object.keys(block)))
  names.delete('pass_rate')
  const added: Record<string, Json> = {}
  for (const name of names) added[name] = sum(blocks.flatMap((block) => block[name] ?? [])) ?? 0
  const { passed, tests, skipped = 0 } = added
  const ran = Number(tests) - Number(skipped)
  if (ran > 0) added['pass_rate'] = rounded((Number(passed) / ran) * PERCENT)
  return added
}

/** Rates of everything together, where every measurement has the counts behind them. */
function withRates(total: JsonObject, all: readonly JsonObject[]): JsonObject {
  const measuring = all.filter((one) => typeof one['requests'] === 'number')
  if (measuring.length < 2) return total
  const every = (name: string) => measuring.every((one) => typeof one[name] === 'number')
  const requests = Number(total['requests'])
  const rates: Record<string, number> = {}
  if (every('failures') && requests > 0) {
    rates['error_rate'] = rounded((Number(total['failures']) / requests) * PERCENT)
  }
  if (every('rps') && every('duration_ms')) {
    const answered = measuring.map((one) => Number(one['rps']) * Number(one['duration_ms']))
    const durationMs = sum(measuring.flatMap((one) => one['duration_ms'] ?? [])) ?? 0
    if (durationMs > 0) rates['rps'] = rounded((sum(answered) ?? 0) / durationMs)
  }
  return { ...total, ...rates }
}

function withoutTargets({ targets: _, ...rest }: JsonObject): JsonObject {
  return rest
}

function rounded(value: number): number {
  const decimals = 1_000
  return Math.round(value * decimals) / decimals
}
