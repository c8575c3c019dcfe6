import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { executorWith } from '../load/test-task.ts'
import { until } from '../load/web-server.ts'
import { openCommandWorld } from './command-world.ts'

const FILE = `tests:
  - { name: e2e, command: [node, run.mjs] }
`

/** A command that starts a child, which ignores being asked to end; both write their ids. */
const FAMILY = {
  'run.mjs': `import { spawn } from 'node:child_process'
    const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready")'], { stdio: 'inherit' })
    process.on('SIGTERM', () => { console.log('asked to end'); process.exit(0) })
    console.log('pids', process.pid, child.pid)
    setInterval(() => {}, 1000)`,
}

async function pidsOf(line: () => string): Promise<number[]> {
  let pids: number[] = []
  await until(() => {
    pids = (/pids (\d+) (\d+)/.exec(line()) ?? []).slice(1).map(Number)
    return pids.length === 2
  })
  return pids
}

/** Who is dead and waits for somebody to take notice of it (a zombie) does not count. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('an abort ends the command and all its children', async () => {
  await using world = await openCommandWorld()
  const task = world.task({ file: FILE, files: FAMILY })
  const executor = executorWith({ commands: world.powers, progressIntervalMs: 20 })
  const running = executor.execute(task.job)
  const pids = await pidsOf(() => task.progress.join('\n'))
  assert.deepEqual(pids.map(isAlive), [true, true])
  const { length } = await readdir(join(world.folder, 'notes'))
  assert.equal(length, 1)
  task.abort('the run was aborted')
  const answer = await running
  assert.ok(answer.code === 'finished')
  assert.deepEqual([answer.status, answer.message], ['aborted', 'the tests were aborted'])
  await until(() => !pids.some(isAlive))
  assert.deepEqual(await readdir(join(world.folder, 'notes')), [])
  assert.match(await world.text('test-1/e2e/output.log'), /asked to end/)
})

test('what a command left running ends with it', async () => {
  await using world = await openCommandWorld()
  const answer = await world.run({
    file: FILE,
    files: {
      'run.mjs': `import { spawn } from 'node:child_process'
        const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
        console.log('pids', process.pid, child.pid); child.unref()`,
    },
  })
  assert.equal(answer.result, 'pass')
  const [pid] = /(\d+)\n$/.exec(await world.text('test-1/e2e/output.log')) ?? []
  await until(() => !isAlive(Number(pid)))
})

test('after a restart the command runs again from the start, its files replace the old ones', async () => {
  await using world = await openCommandWorld()
  const wish = { file: FILE, files: { 'run.mjs': `console.log('second')` } }
  await world.run({ ...wish, files: { 'run.mjs': `console.log('first')` } })
  const answer = await world.run({ ...wish, notes: [{ attempt: 1, tests: 1 }] })
  assert.equal(answer.message, 'e2e passed (run again from the start after a restart)')
  assert.equal(await world.text('test-1/e2e/output.log'), 'second\n')
  assert.equal((await world.kept()).length, 1)
})

test('what a killed server left running is ended at the next start', async () => {
  await using world = await openCommandWorld()
  const { processes } = world.powers
  const task = world.task({ file: FILE, files: FAMILY })
  const executor = executorWith({ commands: world.powers, progressIntervalMs: 20 })
  const running = executor.execute(task.job)
  const pids = await pidsOf(() => task.progress.join('\n'))
  await processes.endLeftOvers()
  await until(() => !pids.some(isAlive))
  const answer = await running
  assert.ok(answer.code === 'finished')
  assert.match(answer.message, /^e2e failed: it was ended by SIGKILL/)
})

test('commands wait for their turn', async () => {
  await using world = await openCommandWorld({ maxConcurrent: 1 })
  const executor = executorWith({ commands: world.powers, progressIntervalMs: 1 })
  const file = FILE
  const files = { 'run.mjs': `setTimeout(() => console.log('done'), 200)` }
  const [first, second] = [world.task({ file, files }), world.task({ file, files })]
  const other = { ...second.job, runId: 'run-2' }
  const answers = await Promise.all([executor.execute(first.job), executor.execute(other)])
  assert.deepEqual(
    answers.map((answer) => answer.code === 'finished' && answer.result),
    ['pass', 'pass'],
  )
  const progress = [...first.progress, ...second.progress].join()
  assert.match(progress, /e2e: waits until other commands of this server have ended/)
})

test('files beyond what a run may keep are not left open', async (context) => {
  if (process.platform !== 'linux') return context.skip('open files are looked for in /proc')
  // What is left open is closed some day, with a warning.
  const warnings: string[] = []
  const warn = ({ message }: Error) => warnings.push(message)
  process.on('warning', warn)
  await using world = await openCommandWorld({}, { maxRunFiles: 3 })
  const file = `tests:
  - { name: e2e, command: [node, run.mjs], artifacts: ["out/*"] }
`
  const run = `import { mkdirSync, writeFileSync } from 'node:fs'
    mkdirSync('out')
    for (let at = 0; at < 30; at++) writeFileSync('out/left-open-' + at, 'x')`
  const answer = await world.run({ file, files: { 'run.mjs': run } })
  assert.match(answer.message, /28 of its files were not kept/)
  const isOpen = () =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes('left-open-')
      } catch {
        return false
      }
    })
  await until(() => !isOpen(), 2_000)
  process.off('warning', warn)
  assert.deepEqual(warnings, [])
})
