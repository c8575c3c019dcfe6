import { parseArgs } from 'node:util'
import { seededRandom } from '../simulation/seeded-random.ts'
import { keep } from './corpus.ts'
import { describeInput } from './fuzz-input.ts'
import { provesItWorks } from './oracle.ts'
import { createFuzzer, FuzzFinding, heapMb } from './round.ts'
import { startTarget } from './target.ts'

/** `npm run fuzz -- --minutes 10 --seed 7`; what breaks something is printed and kept in corpus/. */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } },
})
const MS_PER_MINUTE = 60_000
const INPUTS_PER_ROUND = 400
/** The first rounds fill caches. */
const WARM_ROUNDS = 3
/** What a round may leave behind for ever, on average. */
const LEAK_MB_PER_ROUND = 1

const untilMs = performance.now() + Number(values.minutes) * MS_PER_MINUTE
await using target = await startTarget()
const fuzzer = await createFuzzer(target, seededRandom(Number(values.seed)))
const heaps: number[] = []
try {
  for (let round = 1; performance.now() < untilMs; round++) {
    await fuzzer.round(INPUTS_PER_ROUND)
    await provesItWorks(target, `good-${round}`)
    heaps.push(heapMb())
    print(
      `round ${round}: ${INPUTS_PER_ROUND * round} inputs, ${heaps.at(-1)?.toFixed(1)} MB after a collection`,
    )
  }
  const statuses = [...fuzzer.statuses].sort(([left], [right]) => left - right)
  print(statuses.map(([status, count]) => `${status || 'files'}: ${count}`).join(', '))
  process.exitCode = grew(heaps) ? 1 : 0
} catch (error) {
  process.exitCode = 1
  if (!(error instanceof FuzzFinding)) throw error
  print(`seed ${values.seed}: ${describeInput(error.input)}\n${error.message}`)
  print(`kept as ${keep(error.input, error.message.split('\n')[0] ?? '')}`)
}

function grew(all: readonly number[]): boolean {
  const warm = all.slice(WARM_ROUNDS)
  const first = warm[0]
  const last = warm.at(-1)
  if (first === undefined || last === undefined || warm.length < WARM_ROUNDS) return false
  const perRound = (last - first) / (warm.length - 1)
  print(
    `memory: ${first.toFixed(1)} MB to ${last.toFixed(1)} MB, ${perRound.toFixed(2)} MB a round`,
  )
  return perRound > LEAK_MB_PER_ROUND
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
