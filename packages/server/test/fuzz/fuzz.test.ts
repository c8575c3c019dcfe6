import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../simulation/seeded-random.ts'
import { readCorpus } from './corpus.ts'
import { describeInput } from './fuzz-input.ts'
import { provesItWorks, throwInput } from './oracle.ts'
import { createFuzzer, FuzzFinding, setUp } from './round.ts'
import { startTarget } from './target.ts'

/** Some ten seconds; by hand `npm run fuzz -- --minutes 10`. */
const INPUTS = 700
const SEED = 2026

test('what ever broke something breaks nothing now', async () => {
  await using target = await startTarget()
  await setUp(target)
  const kept = readCorpus()
  assert.ok(kept.length >= 20, 'the corpus is there')
  for (const { name, about, input } of kept) {
    await throwInput(target, input).catch((cause: unknown) => {
      throw new Error(`corpus/${name}: ${about}`, { cause })
    })
  }
  await provesItWorks(target, 'after-the-corpus')
})

test(`${INPUTS} inputs of a seed break nothing, whichever way they come in`, async (t) => {
  await using target = await startTarget()
  const fuzzer = await createFuzzer(target, seededRandom(SEED))
  await fuzzer.round(INPUTS).catch((error: unknown) => {
    if (!(error instanceof FuzzFinding)) throw error
    const input = JSON.stringify(error.input)
    throw new Error(`${describeInput(error.input)} of seed ${SEED}: ${input}`, { cause: error })
  })
  await provesItWorks(target, 'after-the-fuzz')
  const count = (from: number) =>
    [...fuzzer.statuses].reduce(
      (sum, [status, times]) => sum + (Math.floor(status / 100) === from ? times : 0),
      0,
    )
  t.diagnostic(`accepted: ${count(2)}, refused: ${count(4)}, files: ${count(0)}`)
  // An input that is refused at the door finds nothing behind it.
  assert.ok(count(2) > INPUTS / 10 && count(4) > INPUTS / 10)
})
