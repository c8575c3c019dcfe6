import type { CorrectionView, ListedEvaluation } from '@tiphys/contract/http/native-evaluation.ts'
import { singleLine } from '@tiphys/core/explanation/plain-text.ts'
import { listEvaluations } from '../client/evaluations.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printData, printLine, printNote } from '../output/print.ts'
import { table } from '../output/table.ts'
import { paintWord, type Terminal, terminalOf } from '../output/terminal.ts'
import { formatTime } from '../output/time.ts'
import { chosenEvaluation, inProject, type Place, whereText } from './chosen-evaluation.ts'
import { type ReportForm, storedReport } from './stored-report.ts'

type ReportFormat = 'json' | 'yaml' | ReportForm
type ReportOptions = GlobalOptions &
  Place & { readonly keptnContext?: string; readonly output?: ReportFormat }

/** The report of one evaluation: the last of a context, or the newest of a project, stage, service. */
export async function getEvaluation(options: ReportOptions): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const evaluation = await chosenEvaluation(client, options)
  const format = options.output ?? 'text'
  if (format === 'json' || format === 'yaml') {
    printData(evaluation, format, '')
    return undefined
  }
  printLine((await storedReport(client, evaluation, format, terminalOf(options))).trimEnd())
  // A report is as it was made; what people said since is not in it.
  const note = noteOf(evaluation)
  if (note !== '') printNote(`This evaluation is ${note}.`)
  return undefined
}

/** Newest first, a line each. */
export async function getEvaluations(
  options: GlobalOptions & Place & { readonly limit: number; readonly output?: 'json' | 'yaml' },
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const evaluations = await listEvaluations(client, inProject(options), options.limit)
  printData({ evaluations }, options.output, () =>
    evaluations.length === 0
      ? `Nothing was evaluated yet ${whereText(options)}.`
      : evaluationTable(evaluations, terminalOf(options)),
  )
  return undefined
}

function evaluationTable(evaluations: readonly ListedEvaluation[], terminal: Terminal): string {
  return table(
    ['TIME', 'STAGE', 'SERVICE', 'RESULT', 'SCORE', 'CONTEXT', 'NOTE'],
    evaluations.map((one) => [
      formatTime(new Date(one.at)),
      one.stage,
      one.service,
      paintWord(terminal, one.status === 'succeeded' ? one.result : one.status),
      one.summary === undefined ? '' : String(Number(one.summary.score.toFixed(1))),
      one.context,
      noteOf(one),
    ]),
  )
}

function noteOf({ invalidated, pinned }: ListedEvaluation): string {
  if (invalidated !== undefined) return correctionText('invalidated', invalidated)
  return pinned === undefined ? '' : correctionText('pinned', pinned)
}

function correctionText(what: string, { by, person, reason }: CorrectionView): string {
  return singleLine(`${what} by ${person ?? by}${reason === '' ? '' : `: ${reason}`}`)
}
