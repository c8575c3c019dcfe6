import type {
  CorrectionView,
  ListedEvaluation,
  StoredEvaluation,
} from '@tiphys/contract/http/native-evaluation.ts'
import type { Explanation } from '@tiphys/core/explanation/explanation.ts'
import { renderHtml } from '@tiphys/core/explanation/render-html.ts'
import { renderMarkdown } from '@tiphys/core/explanation/render-markdown.ts'
import { renderText } from '@tiphys/core/explanation/render-text.ts'
import { listEvaluations } from '../client/evaluations.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printData } from '../output/print.ts'
import { table } from '../output/table.ts'
import { paintWord, type Terminal, terminalOf } from '../output/terminal.ts'
import { formatTime } from '../output/time.ts'
import { chosenEvaluation, inProject, type Place, whereText } from './chosen-evaluation.ts'

type ReportFormat = 'json' | 'yaml' | 'text' | 'markdown' | 'html'
type ReportOptions = GlobalOptions &
  Place & { readonly keptnContext?: string; readonly output?: ReportFormat }

/** The report of one evaluation: the last of a context, or the newest of a project, stage, service. */
export async function getEvaluation(options: ReportOptions): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const evaluation = await chosenEvaluation(client, options)
  const format = options.output
  const data = format === 'json' || format === 'yaml' ? format : undefined
  printData(evaluation, data, () => reportText(evaluation, format))
  return undefined
}

function reportText(evaluation: StoredEvaluation, format: ReportFormat | undefined): string {
  const explanation = explanationOf(evaluation)
  if (explanation === undefined) {
    return `${evaluation.result}: ${evaluation.message || 'no report was stored with this evaluation'}`
  }
  if (format === 'markdown') return renderMarkdown(explanation)
  if (format === 'html') return renderHtml(explanation)
  return renderText(explanation)
}

/** Evaluations of other tools carry no report of ours, and a later version may carry another form. */
function explanationOf({ explanation }: StoredEvaluation): Explanation | undefined {
  return explanation?.['version'] === 1 ? (explanation as unknown as Explanation) : undefined
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
  return `${what} by ${person ?? by}${reason === '' ? '' : `: ${reason}`}`
}
