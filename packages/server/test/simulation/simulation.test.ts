import { test } from 'node:test'
import { checkStory, checkThatMuchHappened } from './checkers.ts'
import { playStory } from './world.ts'

/** In CI; by hand `npm run sim -- --seeds 100000`. */
const SEEDS = 200

test(`${SEEDS} seeded stories with crashes, repeats and silence keep every rule`, async () => {
  let rows = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      const story = await playStory(seed)
      rows += story.rows.length
      checkStory(story)
    } catch (cause) {
      throw new Error(`seed ${seed} breaks a rule; replay it with: npm run sim -- --seed ${seed}`, {
        cause,
      })
    }
  }
  checkThatMuchHappened(rows, SEEDS)
})
