import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { checkThatMuchHappened } from './check-story.ts'
import { judge } from './verdict.ts'

/** In CI; by hand `npm run sim -- --seeds 100000`. */
const SEEDS = 500
/** A test has two minutes, also on a busy machine. */
const SEEDS_PER_TEST = 100
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

for (let first = 1; first <= SEEDS; first += SEEDS_PER_TEST) {
  const last = first + SEEDS_PER_TEST - 1
  test(`stories ${first} to ${last} keep every rule under crashes, repeats and silence`, async (t) => {
    let rows = 0
    let crashes = 0
    for (let seed = first; seed <= last; seed++) {
      const verdict = await judge(seed)
      if (verdict.code === 'broken') {
        const how = `seed ${seed} breaks a rule; replay it with: npm run sim -- --seed ${seed}`
        throw new Error(`${how}\n${verdict.message}\n${verdict.trace.join('\n')}`, {
          cause: verdict.error,
        })
      }
      rows += verdict.story.rows.length
      crashes += verdict.story.crashes
    }
    t.diagnostic(`${rows} rows, ${crashes} crashes`)
    checkThatMuchHappened(rows, SEEDS_PER_TEST)
    assert.ok(crashes > SEEDS_PER_TEST, 'processes died')
  })
}

test('a seed replays byte for byte, also in another process', async () => {
  const seed = 42
  const here = await judge(seed)
  assert.ok(here.code === 'kept')
  const again = await judge(seed)
  assert.ok(again.code === 'kept')
  assert.equal(again.digest, here.digest)
  const args = [MAIN, '--seed', String(seed), '--digest']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  assert.match(stdout, new RegExp(`digest ${here.digest}`))
})
