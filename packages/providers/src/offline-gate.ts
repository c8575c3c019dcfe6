import type { Evaluation } from '@tiphys/contract/evaluation.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import { type EvaluationOutcome, evaluate } from '@tiphys/core/evaluation/evaluation.ts'
import { toEvaluation } from '@tiphys/core/evaluation/wire.ts'
import { explain } from '@tiphys/core/explanation/explain.ts'
import type { Explanation } from '@tiphys/core/explanation/explanation.ts'
import { renderHtml } from '@tiphys/core/explanation/render-html.ts'
import { renderMarkdown } from '@tiphys/core/explanation/render-markdown.ts'
import { renderText } from '@tiphys/core/explanation/render-text.ts'
import { createGuardedHttp, type GuardedHttp } from './http/guarded-http.ts'
import {
  type GateInput,
  type GateSource,
  InputProblem,
  measureValues,
  readGateInput,
} from './offline-gate-input.ts'

/**
 * `tiphys evaluate`: the verdict of an slo.yaml on values from a file or from a metrics server, in any pipeline, without a server and without
 * state. Parsing flags and printing are the CLI's, everything else is here.
 */
export type OfflineGateOptions = GateSource & {
  readonly output?: GateOutput
  /** `warning`: a warning exits with 1 too. */
  readonly failOn?: 'fail' | 'warning'
  readonly nowMs: number
  readonly signal?: AbortSignal
  /** By default one that may reach any address: the person who runs it names it. */
  readonly http?: GuardedHttp
}

export type GateOutput = 'text' | 'json' | 'markdown' | 'html'

export type GateAnswer = {
  /** 0 pass or warning, 1 fail, 2 wrong use or invalid file, 3 no verdict. */
  readonly exitCode: 0 | 1 | 2 | 3
  /** For standard output; empty when nothing was evaluated (exit code 2). */
  readonly report: string
  /** For standard error: what is wrong or doubtful in the files. Errors come with exit code 2. */
  readonly problems: readonly Problem[]
  /** For standard error: wrong use, in one sentence. */
  readonly complaint: string | null
  readonly outcome: EvaluationOutcome | null
  readonly evaluation: Evaluation | null
  readonly explanation: Explanation | null
}

const NOTHING = { report: '', outcome: null, evaluation: null, explanation: null } as const

/** Never throws for what users, files or metrics servers do wrong; rejects when `signal` aborts. */
export async function runOfflineGate(options: OfflineGateOptions): Promise<GateAnswer> {
  let input: GateInput
  try {
    input = await readGateInput(options, options.nowMs)
  } catch (thrown) {
    if (!(thrown instanceof InputProblem)) throw thrown
    const { problems, complaint } = thrown
    return { ...NOTHING, exitCode: 2, problems, complaint }
  }
  const { values, details } = await measureValues(input, {
    http: options.http ?? createGuardedHttp(),
    ...(options.signal && { signal: options.signal }),
  })
  const { slo, window, subject, sloText, previous } = input
  const outcome = evaluate({ slo, values, previous })
  const sloFileContent = Buffer.from(sloText).toString('base64')
  const evaluation = toEvaluation(outcome, { window, sloFileContent })
  const explanation = explain({ slo, outcome, subject, window, details, notes: [] })
  return {
    exitCode: exitCodeOf(outcome, options.failOn ?? 'fail'),
    report: render(options.output ?? 'text', evaluation, explanation),
    problems: input.warnings,
    complaint: null,
    outcome,
    evaluation,
    explanation,
  }
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

function render(output: GateOutput, evaluation: Evaluation, explanation: Explanation): string {
  switch (output) {
    case 'text':
      return renderText(explanation)
    case 'json':
      return `${JSON.stringify({ ...evaluation, explanation }, undefined, JSON_INDENT)}\n`
    case 'markdown':
      return renderMarkdown(explanation)
    case 'html':
      return renderHtml(explanation)
  }
}
