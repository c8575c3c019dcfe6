import type { Evaluation } from '@tiphys/contract/evaluation.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import { type EvaluationOutcome, evaluate } from '@tiphys/core/evaluation/evaluation.ts'
import { toEvaluation } from '@tiphys/core/evaluation/wire.ts'
import { explain } from '@tiphys/core/explanation/explain.ts'
import type { Explanation } from '@tiphys/core/explanation/explanation.ts'
import { renderHtml } from '@tiphys/core/explanation/render-html.ts'
import { renderJunit } from '@tiphys/core/explanation/render-junit.ts'
import { renderMarkdown } from '@tiphys/core/explanation/render-markdown.ts'
import { renderText, type TextOptions } from '@tiphys/core/explanation/render-text.ts'
import { createGuardedHttp, type GuardedHttp } from './http/guarded-http.ts'
import { type GateSource, InputProblem } from './offline-gate/gate-source.ts'
import { measureValues } from './offline-gate/measure-values.ts'
import { whyNot } from './offline-gate/read-gate-file.ts'
import { type GateInput, readGateInput } from './offline-gate-input.ts'

/**
 * `tiphys evaluate`: the verdict of an slo.yaml on values from a file, from metrics systems or from test results, in any pipeline, without a
 * server, and without state unless `history` names a place for it. Parsing flags and printing are the CLI's, everything else is here.
 */
export type OfflineGateOptions = GateSource & {
  readonly output?: GateOutput
  /** How standard output is laid out and coloured, where that is text. */
  readonly text?: TextOptions
  /** Files that shall hold the report too; how they end says in which form. */
  readonly reports?: readonly string[]
  /** `warning`: a warning exits with 1 too. */
  readonly failOn?: 'fail' | 'warning'
  readonly nowMs: number
  readonly signal?: AbortSignal
  /** By default one that may reach any address: the person who runs it names it. */
  readonly http?: GuardedHttp
}

export type GateOutput = 'text' | 'json' | 'markdown' | 'html' | 'junit'

export type GateAnswer = {
  /** 0 pass or warning, 1 fail, 2 wrong use or invalid file, 3 no verdict. */
  readonly exitCode: 0 | 1 | 2 | 3
  /** For standard output; empty when nothing was evaluated (exit code 2). */
  readonly report: string
  /** For the files that were asked for, in their order. */
  readonly reports: readonly { readonly file: string; readonly text: string }[]
  /** For standard error: what is wrong or doubtful in the files. Errors come with exit code 2. */
  readonly problems: readonly Problem[]
  /** For standard error: wrong use, or that the history could not be written, in one sentence. */
  readonly complaint: string | null
  readonly outcome: EvaluationOutcome | null
  readonly evaluation: Evaluation | null
  readonly explanation: Explanation | null
}

const NOTHING = {
  report: '',
  reports: [],
  outcome: null,
  evaluation: null,
  explanation: null,
} as const

/** Never throws for what users, files or metrics servers do wrong; rejects when `signal` aborts. */
export async function runOfflineGate(options: OfflineGateOptions): Promise<GateAnswer> {
  let input: GateInput
  let forms: readonly GateOutput[]
  try {
    forms = (options.reports ?? []).map(formOf)
    input = await readGateInput(options, options.nowMs)
  } catch (thrown) {
    if (!(thrown instanceof InputProblem)) throw thrown
    const { problems, complaint } = thrown
    return { ...NOTHING, exitCode: 2, problems, complaint }
  }
  const { values, details } = await measureValues(input, {
    http: options.http ?? createGuardedHttp(),
    ...(options.environment && { environment: options.environment }),
    ...(options.signal && { signal: options.signal }),
  })
  const { slo, window, subject, sloText, previous } = input
  const labels = options.labels ?? {}
  const outcome = evaluate({ slo, values, previous, labels })
  const sloFileContent = Buffer.from(sloText).toString('base64')
  const evaluation = toEvaluation(outcome, { window, sloFileContent })
  const explanation = explain({ slo, outcome, subject, window, details, notes: [] })
  const complaint = await recordIn(input, options, outcome, evaluation)
  return {
    exitCode: exitCodeOf(outcome, options.failOn ?? 'fail'),
    report: render(options.output ?? 'text', evaluation, explanation, options.text),
    reports: (options.reports ?? []).map((file, index) => ({
      file,
      text: render(forms[index] ?? 'text', evaluation, explanation),
    })),
    problems: input.warnings,
    complaint,
    outcome,
    evaluation,
    explanation,
  }
}

/** An evaluation that measured nothing is nothing to compare with. A verdict stands, whether it could be kept or not. */
async function recordIn(
  { history, subject }: GateInput,
  { nowMs, labels = {}, record, history: path }: OfflineGateOptions,
  outcome: EvaluationOutcome,
  evaluation: Evaluation,
): Promise<string | null> {
  if (history === undefined || record === false || outcome.status === 'errored') return null
  const { result } = outcome
  try {
    await history.record({ timeMs: nowMs, subject, labels, result, evaluation })
    return null
  } catch (thrown) {
    return `the evaluation could not be added to ${path}: ${whyNot(thrown)}`
  }
}

const FORMS: Readonly<Record<string, GateOutput>> = {
  txt: 'text',
  json: 'json',
  md: 'markdown',
  html: 'html',
  xml: 'junit',
}

function formOf(file: string): GateOutput {
  const form = FORMS[/\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? '']
  if (form !== undefined) return form
  throw new InputProblem({
    complaint: `--report ${file}: it ends with .txt, .json, .md, .html or .xml (JUnit)`,
  })
}

function exitCodeOf(outcome: EvaluationOutcome, failOn: 'fail' | 'warning'): 0 | 1 | 3 {
  if (outcome.status === 'errored') return 3
  switch (outcome.result) {
    case 'pass':
      return 0
    case 'warning':
      return failOn === 'warning' ? 1 : 0
    case 'fail':
      return 1
  }
}

const JSON_INDENT = 2

function render(
  output: GateOutput,
  evaluation: Evaluation,
  explanation: Explanation,
  text?: TextOptions,
): string {
  switch (output) {
    case 'text':
      return renderText(explanation, text)
    case 'json':
      return `${JSON.stringify({ ...evaluation, explanation }, undefined, JSON_INDENT)}\n`
    case 'markdown':
      return renderMarkdown(explanation)
    case 'html':
      return renderHtml(explanation)
    case 'junit':
      return renderJunit(explanation)
  }
}
