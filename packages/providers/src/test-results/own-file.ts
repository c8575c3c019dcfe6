import { isJsonObject } from '@tiphys/contract/json.ts'
import { TestResults } from '@tiphys/contract/test-results.ts'
import { BoundedJson } from '@tiphys/contract/tests-yaml-values.ts'
import { checked, createJsonReader } from './json-file.ts'
import { ResultsFault, type ResultsReader } from './results-reader.ts'

/** Larger than any test writes, and small enough to travel in events. */
const MAX_CHARACTERS = 30_000
/** What only a run may say of its own figures. */
const RESERVED = ['run', 'stage', 'measured'] as const

/**
 * Our own shape (contract/test-results.ts), for scripts that measure by themselves: `{"requests": 10, "error_rate": 0}`, with any further
 * numbers. An event that carries them (`data.test.results`) is taken too, so that what one run printed can be given to another gate.
 */
export function createOwnReader(file: string): ResultsReader {
  return createJsonReader(file, (value, text) => {
    if (text.length > MAX_CHARACTERS) {
      throw new ResultsFault(
        `has ${text.length} characters; results have at most ${MAX_CHARACTERS}`,
      )
    }
    const found = resultsIn(value)
    refuseUnstorable(found)
    const results = checked(TestResults, found, text, 'test results')
    if (Object.keys(results).length === 0) throw new ResultsFault('has no results in it')
    return { results: withoutReserved(results) }
  })
}

/** What nobody could keep and read back: these travel in the data of every later event. */
function refuseUnstorable(value: unknown): void {
  const bounded = BoundedJson.safeParse(value)
  if (!bounded.success) throw new ResultsFault(bounded.error.issues[0]?.message ?? 'is no JSON')
  const written = JSON.stringify(value)
  if (written.includes('"__proto__"')) throw new ResultsFault('has the forbidden key __proto__')
  if (/\\ud[89a-f]/i.test(written)) throw new ResultsFault('has text that is not valid Unicode')
}

function resultsIn(value: unknown): unknown {
  const steps = [['data', 'test', 'results'], ['test', 'results'], ['results']]
  for (const path of steps) {
    const found = path.reduce<unknown>(
      (inner, step) => (isJsonObject(inner) ? inner[step] : undefined),
      value,
    )
    if (isJsonObject(found)) return found
  }
  return value
}

function withoutReserved(results: TestResults): TestResults {
  const kept = Object.entries(results).filter(
    ([name]) => !RESERVED.some((reserved) => reserved === name) && name !== '__proto__',
  )
  const own: TestResults = Object.fromEntries(kept)
  if (own.targets === undefined) return own
  const targets = Object.entries(own.targets).map(([name, target]) => [
    name,
    withoutReserved(target),
  ])
  return { ...own, targets: Object.fromEntries(targets) }
}
