import { formatDuration } from '@tiphys/contract/duration.ts'
import type { Result } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { CommandTestPlan } from '@tiphys/contract/test-plan.ts'
import { judgeThresholds } from '@tiphys/core/load/thresholds.ts'
import type { ArtifactBook } from '../../../ports/artifacts.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { ProcessEnd } from '../../../ports/processes.ts'
import type { TaskJob } from '../../executor.ts'
import type { ProgressReporter } from '../progress-reporter.ts'
import { environmentOf } from './command-environment.ts'
import { findFiles, openFound } from './command-files.ts'
import { type CommandFolder, openCommandFolder } from './command-folder.ts'
import { type CommandOutput, createCommandOutput } from './command-output.ts'
import type { CommandPowers } from './command-powers.ts'
import { type CommandResults, readCommandResults } from './command-results.ts'

export type CommandRun = {
  readonly test: CommandTestPlan
  /** What is spawned: the name in the file, or the path that the operator allowed for it. */
  readonly program: string
  readonly url: string | undefined
  readonly job: TaskJob
  readonly powers: CommandPowers
  readonly book: ArtifactBook
  readonly clock: Clock
  readonly reporter: ProgressReporter
  readonly signal: AbortSignal
}

export type CommandOutcome = {
  readonly kind: 'command'
  readonly name: string
  readonly url: string | undefined
  readonly startMs: number
  readonly endMs: number
  readonly result: Result
  /** What made it fail or warn, worst first; and remarks. */
  readonly reasons: readonly string[]
  readonly figures: JsonObject
  readonly targets: Readonly<Record<string, JsonObject>>
  /** Files that were kept of it. */
  readonly kept: number
}

/** The program cannot be run here at all. One sentence. */
export class CommandNotStartedError extends Error {
  override name = 'CommandNotStartedError'
}

/** What the log says when it ends at its limit. */
const NOTE_BYTES = 1_000
const NO_LOG = 'its output was not kept: the run has as many files as it may keep'

export const OUTPUT_NAME = 'output.log'

/** Runs one command in a folder of its own, reads its results, and keeps what it left. Rejects when the signal aborts. */
export async function runCommand(run: CommandRun): Promise<CommandOutcome> {
  const { test, job, powers, clock, signal } = run
  const { name, command } = test
  await using folder = await openCommandFolder(command, job, powers)
  const startMs = clock.nowMs()
  const { end, output, isKept } = await spawnWithLog(run, folder)
  const endMs = clock.nowMs()
  signal.throwIfAborted()
  if (end.code === 'not-started') {
    throw new CommandNotStartedError(`${name}: ${command.argv[0]} was not started: ${end.reason}`)
  }
  const results = await readCommandResults(folder.workingDirectory, command)
  const files = await keepFiles(run, folder, results)
  signal.throwIfAborted()
  const verdict = judge(run, end, results, output)
  return {
    kind: 'command',
    name,
    url: run.url,
    startMs,
    endMs,
    result: verdict.result,
    reasons: [...verdict.reasons, ...(isKept ? [] : [NO_LOG]), ...files.remarks],
    figures: results.figures,
    targets: results.targets,
    kept: files.kept + (isKept ? 1 : 0),
  }
}

async function spawnWithLog(run: CommandRun, folder: CommandFolder) {
  const { test, powers, book, reporter, clock, signal } = run
  const { settings, processes, mask } = powers
  const { argv, timeoutMs } = test.command
  const { maxOutputBytes, maxFileBytes } = settings
  const output = createCommandOutput(Math.min(maxOutputBytes, maxFileBytes - NOTE_BYTES), mask)
  const writing = book.keep(`${test.name}/${OUTPUT_NAME}`, output.content)
  // A disk that is full is told of when the command is over, and not as a crash in between.
  writing.catch(() => undefined)
  const startMs = clock.nowMs()
  const stopReports = reporter.every(() => {
    const since = formatDuration(Math.floor((clock.nowMs() - startMs) / 1_000) * 1_000)
    return `${test.name}: runs for ${since}${output.lastLine() === '' ? '' : `, ${output.lastLine()}`}`
  })
  try {
    const end = await processes.run({
      program: run.program,
      arguments: argv.slice(1),
      workingDirectory: folder.workingDirectory,
      folder: folder.root,
      environment: environmentOf(run.job, test.command, settings, { folder, url: run.url }),
      timeoutMs,
      signal,
      onOutput: output.write,
    })
    output.end()
    const kept = await writing
    return { end, output, isKept: kept.code === 'kept' }
  } finally {
    stopReports()
    output.end()
  }
}

/** Result files are kept too: they are what the verdict stands on. */
async function keepFiles(
  { test, book }: CommandRun,
  { workingDirectory }: CommandFolder,
  { files }: CommandResults,
): Promise<{ readonly kept: number; readonly remarks: readonly string[] }> {
  const wanted = await findFiles(workingDirectory, test.command.artifacts)
  const all = new Map([...files, ...wanted].map((one) => [one.path, one]))
  const remarks: string[] = []
  let kept = 0
  let lost = 0
  let runLimitBytes = 0
  for (const found of all.values()) {
    const content = await openFound(found)
    if (content === undefined) continue
    // A name is shown on terminals.
    const name = found.path.replaceAll(/\p{Cc}/gu, '_')
    const answer = await book.keep(`${test.name}/${name}`, content)
    // A book that is full does not look into it.
    content.destroy()
    if (answer.code === 'kept') {
      kept += 1
      continue
    }
    if (answer.code === 'too-large') {
      const limit = formatSize(answer.limitBytes)
      remarks.push(`${found.path} is larger than ${limit} and was not kept`)
      continue
    }
    runLimitBytes = answer.limitBytes
    lost += 1
  }
  if (lost > 0) {
    const verb = lost === 1 ? 'was' : 'were'
    const most = formatSize(runLimitBytes)
    remarks.push(`${lost} of its files ${verb} not kept: a run keeps at most ${most}`)
  }
  return { kept, remarks }
}

function judge(
  { test, powers }: CommandRun,
  end: ProcessEnd,
  results: CommandResults,
  output: CommandOutput,
): { readonly result: Result; readonly reasons: readonly string[] } {
  const ending = endingOf(end, test.command.timeoutMs)
  const judged = judgeThresholds(test.command.thresholds, results.figures)
  const failed = judged.filter((one) => one.result === 'fail').map((one) => one.sentence)
  const warned = judged.filter((one) => one.result === 'warning').map((one) => one.sentence)
  const names = results.failed.length === 0 ? [] : [failedList(results.failed, powers.mask)]
  const said = names.length > 0 || output.lastLine() === '' ? [] : [output.lastLine()]
  const why = ending === undefined ? [] : [ending, ...names, ...said]
  const faults = results.faults.map(powers.mask)
  const worst = [...why, ...faults, ...failed]
  const result = worst.length > 0 ? 'fail' : warned.length > 0 ? 'warning' : 'pass'
  // Of a command that passed with failed tests (its exit code hides them), the reader hears too.
  return { result, reasons: [...worst, ...warned, ...(ending === undefined ? names : [])] }
}

function endingOf(end: ProcessEnd, timeoutMs: number): string | undefined {
  switch (end.code) {
    case 'exited':
      return end.exitCode === 0 ? undefined : `it ended with exit code ${end.exitCode}`
    case 'killed':
      return `it was ended by ${end.signal}`
    case 'timed-out':
      return `it took longer than ${formatDuration(timeoutMs)} and was ended`
    case 'aborted':
    case 'not-started':
      return undefined
  }
}

const MEGABYTE = 1024 * 1024

function formatSize(bytes: number): string {
  return bytes < MEGABYTE ? `${bytes} bytes` : `${Math.floor(bytes / MEGABYTE)} MB`
}

const MAX_NAMES = 5

function failedList(names: readonly string[], mask: (text: string) => string): string {
  const shown = names.slice(0, MAX_NAMES).map(mask).join(', ')
  const more = names.length - MAX_NAMES
  return `failed: ${shown}${more > 0 ? ` and ${more} more` : ''}`
}
