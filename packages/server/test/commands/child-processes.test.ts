import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createChildProcesses } from '../../src/adapters/processes/child-processes.ts'

const GRACE_MS = 200

async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'child-processes-'))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

/** A program that does nothing for 20 s, and that nobody else runs: the digits are its own. */
function sleeper(folder: string, signal: AbortSignal) {
  const seconds = `20.${process.pid}${Math.floor(performance.now())}`
  return {
    program: '/bin/sleep',
    arguments: [seconds],
    workingDirectory: folder,
    folder,
    environment: {},
    timeoutMs: 10_000,
    signal,
    onOutput: () => undefined,
  }
}

async function isRunning(argument: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))
  return (await Promise.all(lines)).some((line) => line.split('\0')[1] === argument)
}

test('an abort counts also while the program is only just being noted', async () => {
  await using place = await temporaryFolder()
  const { folder } = place
  const processes = createChildProcesses({ notesFolder: join(folder, 'notes'), graceMs: GRACE_MS })
  const controller = new AbortController()
  const running = processes.run(sleeper(folder, controller.signal))
  controller.abort(new Error('the task is over'))
  assert.deepEqual(await running, { code: 'aborted' })
})

test('a program that cannot be noted does not go on unseen', async (context) => {
  if (process.platform !== 'linux') return context.skip('processes are looked for in /proc')
  await using place = await temporaryFolder()
  const { folder } = place
  await writeFile(join(folder, 'notes'), 'no folder')
  const processes = createChildProcesses({ notesFolder: join(folder, 'notes'), graceMs: GRACE_MS })
  const wish = sleeper(folder, new AbortController().signal)
  await assert.rejects(processes.run(wish), /EEXIST|ENOTDIR/)
  assert.equal(await isRunning(wish.arguments[0] ?? ''), false)
})
