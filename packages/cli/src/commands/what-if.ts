import type { WhatIf } from '@tiphys/contract/http/native-evaluation.ts'
import { formatProblem } from '@tiphys/contract/problem.ts'
import type { Explanation } from '@tiphys/core/explanation/explanation.ts'
import { singleLine } from '@tiphys/core/explanation/plain-text.ts'
import { renderHtml } from '@tiphys/core/explanation/render-html.ts'
import { renderMarkdown } from '@tiphys/core/explanation/render-markdown.ts'
import { renderText } from '@tiphys/core/explanation/render-text.ts'
import { lintSloFile } from '@tiphys/providers/evaluation/slo-text.ts'
import { readExplanation } from '@tiphys/providers/evaluation/stored-report.ts'
import { askWhatIf } from '../client/evaluations.ts'
import { openClient } from '../connection/open-client.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { readText } from '../input-file.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printData, printNote } from '../output/print.ts'
import { reportTextOptions } from '../output/report-text.ts'
import { type Terminal, terminalOf } from '../output/terminal.ts'
import { chosenEvaluation, type EvaluationChoice } from './chosen-evaluation.ts'

type Options = GlobalOptions &
  EvaluationChoice & {
    readonly evaluation?: string
    readonly slo: string
    readonly baseline: 'then' | 'now'
    readonly failOn: 'fail' | 'warning'
    readonly output: 'text' | 'json' | 'markdown' | 'html'
  }

/** The verdict of another slo.yaml on what was measured; the exit code is that verdict. */
export async function whatIf(options: Options): Promise<ExitCode | undefined> {
  const { slo: file, baseline, output, failOn } = options
  const slo = await readText(file)
  const errors = lintSloFile(slo, file).filter(({ severity }) => severity === 'error')
  if (errors.length > 0) {
    for (const problem of errors) printNote(formatProblem(problem))
    return EXIT.usage
  }
  const client = openClient(options)
  const { evaluation: id } = options
  if (id !== undefined && options.keptnContext !== undefined) {
    throw new CommandFailure('--evaluation and --keptn-context are two ways to say which one')
  }
  const triggeredId = id ?? (await chosenEvaluation(client, options)).triggeredId
  const answer = await askWhatIf(client, triggeredId, { slo, file, baseline })
  for (const problem of answer.warnings) printNote(formatProblem(problem))
  const terminal = terminalOf(options)
  const data = output === 'json' ? output : undefined
  printData(answer, data, () => reportText(answer, output, terminal))
  return exitCodeOf(answer, failOn)
}

function reportText(answer: WhatIf, output: Options['output'], terminal: Terminal): string {
  const explanation = readExplanation(answer.explanation)
  if (explanation === undefined) return `${answer.change.sentence}.`
  if (output === 'markdown') return renderMarkdown(explanation)
  if (output === 'html') return renderHtml(explanation)
  return terminalText(answer, explanation, terminal)
}

/** What changed stands first, and not among the notes again. */
function terminalText({ change }: WhatIf, explanation: Explanation, terminal: Terminal): string {
  const changed = change.objectives.filter((one) => one.change !== 'same')
  const lines = changed.map(({ text }) => `  ${singleLine(text)}\n`)
  const report = renderText({ ...explanation, notes: [] }, reportTextOptions(terminal))
  return `${singleLine(change.sentence)}. Nothing is stored.\n${lines.join('')}\n${report}`
}

function exitCodeOf({ change }: WhatIf, failOn: Options['failOn']): ExitCode {
  switch (change.verdict.to) {
    case 'pass':
      return EXIT.pass
    case 'warning':
      return failOn === 'warning' ? EXIT.fail : EXIT.pass
    case 'fail':
      return EXIT.fail
    case 'none':
      return EXIT.noVerdict
  }
}
