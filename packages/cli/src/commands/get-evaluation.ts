import type { StoredEvaluation } from '@tiphys/contract/http/native-evaluation.ts'
import type { Explanation } from '@tiphys/core/explanation/explanation.ts'
import { renderHtml } from '@tiphys/core/explanation/render-html.ts'
import { renderMarkdown } from '@tiphys/core/explanation/render-markdown.ts'
import { renderText } from '@tiphys/core/explanation/render-text.ts'
import { readContext } from '../client/contexts.ts'
import { listEvaluations, readEvaluation } from '../client/evaluations.ts'
import type { HttpClient } from '../client/http-client.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printData } from '../output/print.ts'
import { table } from '../output/table.ts'
import { paintWord, type Terminal, terminalOf } from '../output/terminal.ts'
import { formatTime } from '../output/time.ts'

type Place = { readonly project?: string; readonly stage?: string; readonly service?: string }
type ReportFormat = 'json' | 'yaml' | 'text' | 'markdown' | 'html'
type ReportOptions = GlobalOptions &
  Place & { readonly keptnContext?: string; readonly output?: ReportFormat }

const EVALUATION = 'evaluation'

/** The report of one evaluation: the last of a context, or the newest of a project, stage, service. */
export async function getEvaluation(options: ReportOptions): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const evaluation =
    options.keptnContext === undefined
      ? await newest(client, options)
      : await lastOfContext(client, options.keptnContext, options)
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

async function newest(client: HttpClient, place: Place): Promise<StoredEvaluation> {
  const [evaluation] = await listEvaluations(client, inProject(place), 1)
  if (evaluation === undefined) {
    throw new CommandFailure(`nothing was evaluated yet ${whereText(place)}`)
  }
  // Lists leave the report out.
  return readEvaluation(client, evaluation.triggeredId)
}

async function lastOfContext(
  client: HttpClient,
  context: string,
  place: Place,
): Promise<StoredEvaluation> {
  const { runs } = await readContext(client, context, place.project)
  const ids = runs
    .filter((run) => place.stage === undefined || run.stage === place.stage)
    .filter((run) => place.service === undefined || run.service === place.service)
    .flatMap((run) => run.tasks)
    .filter((task) => task.name === EVALUATION && task.state === 'done')
    .flatMap((task) => task.triggeredId ?? [])
  const last = ids.at(-1)
  if (last === undefined) {
    throw new CommandFailure(`nothing was evaluated yet under the context ${context}`)
  }
  return readEvaluation(client, last)
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

function evaluationTable(evaluations: readonly StoredEvaluation[], terminal: Terminal): string {
  return table(
    ['TIME', 'STAGE', 'SERVICE', 'RESULT', 'SCORE', 'CONTEXT'],
    evaluations.map((one) => [
      formatTime(new Date(one.at)),
      one.stage,
      one.service,
      paintWord(terminal, one.status === 'succeeded' ? one.result : one.status),
      one.evaluation === undefined ? '' : String(Number(one.evaluation.score.toFixed(1))),
      one.context,
    ]),
  )
}

function inProject(place: Place): Place & { readonly project: string } {
  const { project, stage, service } = place
  if (project === undefined) {
    throw new CommandFailure('say which evaluation: --keptn-context <id> or --project <name>')
  }
  return {
    project,
    ...(stage === undefined ? {} : { stage }),
    ...(service === undefined ? {} : { service }),
  }
}

function whereText({ project, stage, service }: Place): string {
  const parts = [
    service === undefined ? '' : `for service ${service}`,
    stage === undefined ? '' : `in stage ${stage}`,
    project === undefined ? '' : `of project ${project}`,
  ]
  return parts.filter((part) => part !== '').join(' ')
}
