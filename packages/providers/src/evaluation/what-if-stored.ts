import type { Evaluation } from '@tiphys/contract/evaluation.ts'
import type { Result, Status } from '@tiphys/contract/event.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import type { PreviousEvaluation } from '@tiphys/core/evaluation/baseline.ts'
import { evaluateAgainst } from '@tiphys/core/evaluation/evaluation.ts'
import { toEvaluation } from '@tiphys/core/evaluation/wire.ts'
import { explain } from '@tiphys/core/explanation/explain.ts'
import type { Explanation, Subject } from '@tiphys/core/explanation/explanation.ts'
import type { StoredReport } from '@tiphys/core/explanation/recompute.ts'
import type { VerdictChange } from '@tiphys/core/explanation/verdict-change.ts'
import { whatIf } from '@tiphys/core/explanation/what-if.ts'
import type { Slo, SloComparison } from '@tiphys/core/slo/slo.ts'
import { type NamedText, readSlo } from './slo-text.ts'

/** A stored evaluation, and where to find what it was, or could now be, compared with. */
export type StoredCase = {
  readonly evaluation: Evaluation | undefined
  /** Undefined: told by an evaluator that writes no report of ours. */
  readonly explanation: Explanation | undefined
  readonly subject: Subject
  readonly labels: Readonly<Record<string, string>>
  /** What was evaluated before it in its place, newest first, also what does not count. */
  readonly history: (comparison: SloComparison) => Promise<readonly PreviousEvaluation[]>
}

export type WhatIfWish = {
  readonly slo: NamedText
  /** `then`: against the runs that it was compared with; `now`: against what the file chooses from the history as it is today. */
  readonly baseline: 'then' | 'now'
}

export type WhatIfAnswer =
  | {
      readonly code: 'judged'
      readonly status: Status
      readonly result: Result
      readonly message: string
      readonly evaluation: Evaluation
      readonly explanation: Explanation
      readonly change: VerdictChange
      /** What lint has to say about the file. */
      readonly warnings: readonly Problem[]
    }
  /** The file, with everything that is wrong with it. */
  | { readonly code: 'file-invalid'; readonly problems: readonly Problem[] }
  /** There is nothing to judge anew, in one sentence. */
  | { readonly code: 'not-judged'; readonly message: string }

/** The verdict of another slo.yaml on what a stored evaluation measured. Asks no provider and writes nothing. */
export async function whatIfStored(stored: StoredCase, wish: WhatIfWish): Promise<WhatIfAnswer> {
  const read = readSlo(wish.slo)
  if (!read.ok) return { code: 'file-invalid', problems: read.problems }
  const problems = [...read.warnings, ...read.findings]
  if (problems.some(({ severity }) => severity === 'error')) {
    return { code: 'file-invalid', problems }
  }
  const found = await reportOf(stored)
  if (!found.ok) return { code: 'not-judged', message: found.message }
  const { report } = found
  const edited = read.slo
  const { labels } = stored
  const now =
    wish.baseline === 'now' ? { history: await stored.history(edited.comparison), labels } : {}
  const { outcome, explanation, change } = whatIf({ report, edited, ...now })
  const window = { start: found.evaluation.timeStart, end: found.evaluation.timeEnd }
  const sloFileContent = Buffer.from(wish.slo.text).toString('base64')
  const { status, result, message } = outcome
  const evaluation = toEvaluation(outcome, { window, sloFileContent })
  return {
    code: 'judged',
    ...{ status, result, message, evaluation, explanation, change },
    warnings: problems,
  }
}

type FoundReport =
  | { readonly ok: true; readonly report: StoredReport; readonly evaluation: Evaluation }
  | { readonly ok: false; readonly message: string }

async function reportOf(stored: StoredCase): Promise<FoundReport> {
  const { evaluation, explanation } = stored
  if (evaluation === undefined || evaluation.indicatorResults === null) {
    return { ok: false, message: 'it ended before anything was evaluated, so it holds no values' }
  }
  if (evaluation.sloFileContent === '') {
    const message = 'whoever evaluated it stored no slo.yaml with it, so there is nothing to edit'
    return { ok: false, message }
  }
  const text = Buffer.from(evaluation.sloFileContent, 'base64').toString()
  const read = readSlo({ file: 'slo.yaml', text })
  if (!read.ok) return { ok: false, message: 'the slo.yaml that is stored with it cannot be read' }
  const own = explanation?.baseline === null ? undefined : explanation
  const told = own ?? (await explainFor(stored, evaluation, read.slo))
  return { ok: true, report: { slo: read.slo, evaluation, explanation: told }, evaluation }
}

/** The report that the evaluator did not write, from what it did: its values, its file, and the runs it names. */
async function explainFor(
  { subject, history }: StoredCase,
  evaluation: Evaluation,
  slo: Slo,
): Promise<Explanation> {
  const named = new Set(evaluation.comparedEvents ?? [])
  const past = named.size === 0 ? [] : await history({ ...slo.comparison, ...EVERY_RUN })
  const compared = past.filter(({ id }) => named.has(id))
  const values = (evaluation.indicatorResults ?? []).flatMap(({ value }) => value ?? [])
  const outcome = evaluateAgainst({ slo, values }, { compared, leftOut: [], notes: [] })
  return explain({ slo, outcome, subject, window: undefined, details: {}, notes: [] })
}

/** So many that the history does not end before the runs that are looked for. */
const EVERY_RUN = {
  compareWith: 'several_results',
  includeResultWithScore: 'all',
  numberOfComparisonResults: 100,
  labels: {},
  sameLabels: [],
}
