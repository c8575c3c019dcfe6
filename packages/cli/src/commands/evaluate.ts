import { readFile, writeFile } from 'node:fs/promises'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { type GateOutput, runOfflineGate } from '@tiphys/providers/offline-gate.ts'
import { pairOf } from '../declare/flags.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { readText, whyUnreadable } from '../input-file.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printNote } from '../output/print.ts'
import { reportTextOptions } from '../output/report-text.ts'
import { terminalOf } from '../output/terminal.ts'

type Options = GlobalOptions & {
  readonly slo: string
  readonly values?: string
  readonly sli: readonly string[]
  readonly provider?: string
  readonly url?: string
  readonly start?: string
  readonly end?: string
  readonly timeframe?: string
  readonly connections?: string
  readonly testResults: readonly string[]
  readonly previous?: string
  readonly history?: string
  readonly record: boolean
  readonly report: readonly string[]
  readonly project?: string
  readonly stage?: string
  readonly service?: string
  readonly labels: Readonly<Record<string, string>>
  readonly label: readonly string[]
  readonly user?: string
  readonly failOn: 'fail' | 'warning'
  readonly output: GateOutput
}

/** Credentials come from the environment: arguments are visible to everybody on the machine. */
const PASSWORD = 'TIPHYS_SLI_PASSWORD'
const BEARER_TOKEN = 'TIPHYS_SLI_TOKEN'

/** The offline gate: a verdict without a server. Ctrl-C ends it without one. */
export async function evaluate(options: Options): Promise<ExitCode | undefined> {
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')))
  const { failOn, output, report: reports } = options
  const labels = { ...options.labels, ...Object.fromEntries(options.label.map(pairOf)) }
  const answer = await runOfflineGate({
    ...source(options),
    slo: options.slo,
    labels,
    failOn,
    output,
    reports,
    text: reportTextOptions(terminalOf(options)),
    nowMs: Date.now(),
    signal: interrupt.signal,
    readText: readGateFile,
  })
  for (const problem of answer.problems) printNote(formatProblem(problem))
  if (answer.complaint !== null) printNote(`tiphys: ${answer.complaint}`)
  // Where nobody reads to the end the process ends there: with the verdict, even so.
  process.exitCode = answer.exitCode
  process.stdout.write(answer.report)
  for (const { file, text } of answer.reports) {
    try {
      await writeFile(file, text)
    } catch (error) {
      throw new CommandFailure(`cannot write ${file}: ${whyUnreadable(error)}`)
    }
  }
  return answer.exitCode
}

function source(options: Options) {
  const { values, sli, provider, url, connections, testResults } = options
  const { start, end, timeframe, previous, history, record } = options
  const { project, stage, service, user } = options
  return {
    ...{ values, sli, provider, url, connections, testResults },
    ...{ start, end, timeframe, previous, history, record },
    ...{ project, stage, service, user },
    environment: process.env,
    password: process.env[PASSWORD],
    bearerToken: process.env[BEARER_TOKEN],
  }
}

/** `-` is standard input, as everywhere; the gate words what is wrong with a file. */
function readGateFile(file: string): Promise<string> {
  return file === '-' ? readText(file) : readFile(file, 'utf8')
}
