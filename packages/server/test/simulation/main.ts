import { parseArgs } from 'node:util'
import { checkStory, checkThatMuchHappened } from './checkers.ts'
import { playStory } from './world.ts'

/** `npm run sim -- --seeds 100000`, or one story again with `--seed 42` (prints its rows). */
const { values } = parseArgs({
  options: { seed: { type: 'string' }, seeds: { type: 'string', default: '500' } },
})

if (values.seed === undefined) await playMany(Number(values.seeds))
else await playOne(Number(values.seed))

async function playMany(count: number): Promise<void> {
  let rows = 0
  let crashes = 0
  for (let seed = 1; seed <= count; seed++) {
    try {
      const story = await playStory(seed)
      checkStory(story)
      rows += story.rows.length
      crashes += story.crashes
    } catch (error) {
      process.stdout.write(
        `seed ${seed} breaks a rule; replay it with: npm run sim -- --seed ${seed}\n`,
      )
      throw error
    }
  }
  checkThatMuchHappened(rows, count)
  process.stdout.write(`${count} stories kept every rule: ${rows} rows, ${crashes} crashes\n`)
}

async function playOne(seed: number): Promise<void> {
  const story = await playStory(seed)
  for (const row of story.rows) {
    const meta = JSON.stringify({ ...row.meta, plan: undefined })
    process.stdout.write(
      `${row.position} ${row.event.time} ${row.stream} v${row.version} ${row.event.type} ${meta}\n`,
    )
  }
  checkStory(story)
  process.stdout.write(
    `seed ${seed} keeps every rule: ${story.rows.length} rows, ${story.crashes} crashes\n`,
  )
}
