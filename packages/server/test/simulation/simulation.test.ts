import { test } from 'node:test'
import { checkStory } from './checkers.ts'
import { playStory } from './world.ts'

/** In CI; by hand `npm run sim -- --seeds 100000`. */
const SEEDS = 200

test(`${SEEDS} seeded stories with crashes, repeats and silence keep every rule`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      checkStory(await playStory(seed))
    } catch (cause) {
      throw new Error(`seed ${seed} breaks a rule; replay it with: npm run sim -- --seed ${seed}`, {
        cause,
      })
    }
  }
})
