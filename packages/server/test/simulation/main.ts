import { parseArgs } from 'node:util'
import { checkThatMuchHappened } from './check-story.ts'
import { huntMutants } from './mutants/hunt.ts'
import { FAULTS, type Fault } from './swarm.ts'
import { judge, shortest, type Verdict } from './verdict.ts'

/** docs/simulation.md says what each is for. */
const { values } = parseArgs({
  options: {
    /** One story again, with everything that happened. */
    seed: { type: 'string' },
    /** How many stories, from seed `from` on. */
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    /** Of one story: only the first steps, and without these faults (comma). */
    steps: { type: 'string' },
    without: { type: 'string' },
    /** Of one story: only its digest. */
    digest: { type: 'boolean', default: false },
    /** Plants bugs into copies of the source and looks how soon each is found. */
    mutants: { type: 'boolean', default: false },
    only: { type: 'string' },
    /** Stops at the first story that breaks a rule, without looking for its shortest form. */
    brief: { type: 'boolean', default: false },
  },
})
const MOST_STEPS = 100
const MS_PER_S = 1_000
const US_PER_S = 1_000_000

if (values.mutants) process.exitCode = await huntMutants({ only: values.only })
else if (values.seed === undefined) await playMany(Number(values.seeds), Number(values.from))
else await playOne(Number(values.seed))

async function playMany(count: number, from: number): Promise<void> {
  let rows = 0
  let crashes = 0
  const beganMs = performance.now()
  for (let seed = from; seed < from + count; seed++) {
    const verdict = await judge(seed)
    if (verdict.code === 'broken') {
      if (values.brief) print(sentenceOf(seed, verdict))
      else await tellBroken(seed, verdict)
      process.exitCode = 1
      return
    }
    rows += verdict.story.rows.length
    crashes += verdict.story.crashes
  }
  checkThatMuchHappened(rows, count)
  const tookS = (performance.now() - beganMs) / MS_PER_S
  const { user, system } = process.cpuUsage()
  const rate = (count / tookS).toFixed(1)
  const processorS = ((user + system) / US_PER_S).toFixed(1)
  print(`${count} stories kept every rule: ${rows} rows, ${crashes} crashes`)
  print(`${rate} stories/s, ${processorS} s of processor time`)
}

/** What is wrong, and the shortest story that shows it. */
async function tellBroken(seed: number, verdict: Verdict & { code: 'broken' }): Promise<void> {
  print(sentenceOf(seed, verdict))
  const { steps = MOST_STEPS, without = [] } = await shortest(seed, MOST_STEPS)
  const again = await judge(seed, { steps, without })
  if (again.code === 'broken') {
    print(`\nthe shortest story of this seed that breaks one: ${again.message}`)
    for (const line of again.trace) print(`  ${line}`)
  }
  const left = without.length === 0 ? '' : ` --without ${without.join(',')}`
  print(`\nreplay it with: npm run sim -- --seed ${seed} --steps ${steps}${left}`)
}

async function playOne(seed: number): Promise<void> {
  const steps = values.steps === undefined ? {} : { steps: Number(values.steps) }
  const wanted = values.without?.split(',') ?? []
  const without = FAULTS.filter((fault: Fault) => wanted.includes(fault))
  const verdict = await judge(seed, { ...steps, without })
  if (!values.digest) {
    const { trace } = verdict.code === 'kept' ? verdict.story : verdict
    for (const line of trace) print(line)
    for (const row of verdict.story?.rows ?? []) {
      const meta = JSON.stringify({ ...row.meta, plan: undefined })
      print(
        `${row.position} ${row.event.time} ${row.stream} v${row.version} ${row.event.type} ${meta}`,
      )
    }
  }
  if (verdict.code === 'broken') {
    print(`seed ${seed} breaks a rule: ${verdict.message}`)
    process.exitCode = 1
    return
  }
  const { rows, crashes } = verdict.story
  print(`seed ${seed} keeps every rule: ${rows.length} rows, ${crashes} crashes`)
  print(`digest ${verdict.digest}`)
}

function sentenceOf(seed: number, { message, complaints }: Verdict & { code: 'broken' }): string {
  return `seed ${seed} breaks a rule: ${complaints[0] ?? message}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
