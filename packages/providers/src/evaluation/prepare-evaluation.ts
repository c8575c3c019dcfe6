import type { Evaluation, EvaluationTriggered } from '@tiphys/contract/evaluation.ts'
import type { Result, Status } from '@tiphys/contract/event.ts'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { deploymentOf, type QueryScope } from '@tiphys/core/evaluation/query-scope.ts'
import {
  type EvaluationWindow,
  evaluationWindow,
  windowAhead,
} from '@tiphys/core/evaluation/window.ts'
import { emptyEvaluation } from '@tiphys/core/evaluation/wire.ts'
import { explainEnd } from '@tiphys/core/explanation/explain.ts'
import type { Explanation, Subject } from '@tiphys/core/explanation/explanation.ts'
import { assignProviders, type SliQueries } from '@tiphys/core/slo/sli.ts'
import type { Slo } from '@tiphys/core/slo/slo.ts'
import { firstProblem, type NamedText, readSliFiles, readSlo } from './slo-text.ts'

/** What an evaluation task is asked and configured with. */
export type EvaluationTask = {
  readonly project: string
  readonly stage: string
  readonly service: string
  /** From the event: supplies values (window, names, labels), never instructions. */
  readonly data: EvaluationTriggered
  readonly labels: Readonly<Record<string, string>>
  /** What is shown beside the service's name; the label `version` by default. */
  readonly version?: string
  /** When our `evaluation.triggered` became due (behaviour.md 12). */
  readonly dueMs: number
  /** null: the service has none in this stage. */
  readonly slo: NamedText | null
  /** An slo.yaml of the stage or the project: Keptn reads none but the service's own, so it does nothing and is only spoken of. */
  readonly unreadSlo?: 'stage' | 'project'
  /** For each provider with an sli.yaml: those at project, stage and service, in this order. */
  readonly sliFiles: Readonly<Record<string, readonly NamedText[]>>
  /** `sliProvider` of tiphys/project.yaml. */
  readonly sliProvider?: string | undefined
}

/** What goes onto `evaluation.finished`, and the report beside it. */
export type EvaluationAnswer = {
  readonly status: Extract<Status, 'succeeded' | 'errored'>
  readonly result: Result
  readonly message: string
  readonly evaluation: Evaluation
  readonly explanation: Explanation
}

export type PreparedEvaluation = {
  readonly subject: Subject
  readonly window: EvaluationWindow
  readonly slo: Slo
  readonly sloFileContent: string
  /** Whom to ask for each indicator; null: nobody has it. Each once, in the order of the file. */
  readonly providers: ReadonlyMap<string, string | null>
  /** By provider. */
  readonly queries: Readonly<Record<string, SliQueries>>
  readonly scope: QueryScope
  /** Shown in the report: keys nobody knows, and what makes the file unusable. */
  readonly notes: readonly string[]
}

export type Preparation =
  | { readonly code: 'ready'; readonly prepared: PreparedEvaluation }
  | { readonly code: 'ended'; readonly answer: EvaluationAnswer }

/** Everything before the first value is asked for, in Keptn's order: window, slo.yaml, provider (facts/keptn-v1.md 3.2). */
export function prepareEvaluation(task: EvaluationTask): Preparation {
  const subject = subjectOf(task)
  const sloText = task.slo?.text ?? ''
  const sloFileContent = Buffer.from(sloText).toString('base64')
  const found = evaluationWindow(task.data, task.dueMs)
  const window = found.ok ? found.window : undefined
  const end = (verdict: 'pass' | 'none', message: string): Preparation =>
    ended(verdict, message, { subject, window, sloFileContent })

  if (!found.ok) return end('none', found.message)
  const ahead = windowAhead(found.window, task.dueMs)
  if (ahead !== undefined) return end('none', ahead)
  // Keptn took an empty file for none.
  if (task.slo === null || sloText === '') {
    const unread = task.unreadSlo
    const hint =
      unread === undefined
        ? ''
        : `; the slo.yaml of the ${unread} is not read, every service needs its own`
    return end(
      'pass',
      `no evaluation performed by lighthouse because no SLO file configured for project ${task.project}${hint}`,
    )
  }
  const slo = readSlo(task.slo)
  if (!slo.ok) return end('none', `error retrieving SLO file: ${firstProblem(slo.problems)}`)
  const sli = readSliFiles(task.sliFiles)
  if (!sli.ok) return end('none', unexpectedError(firstProblem(sli.problems)))
  const indicators = slo.slo.objectives.map((objective) => objective.sli)
  const choice = assignProviders(indicators, sli.queries, task.sliProvider, task.project)
  if (!choice.ok) return end('none', choice.message)

  const errors = slo.findings.filter((finding) => finding.severity === 'error')
  const prepared = {
    subject,
    window: found.window,
    slo: slo.slo,
    sloFileContent,
    providers: choice.providers,
    queries: sli.queries,
    scope: scopeOf(task, slo.slo),
    notes: [...slo.warnings, ...errors, ...sli.warnings].map(formatProblem),
  }
  return { code: 'ready', prepared }
}

/** Keptn's words for a provider that failed as a whole. */
export function unexpectedError(message: string): string {
  return `evaluation performed by lighthouse received an unexpected error: ${message}`
}

type Frame = {
  readonly subject: Subject
  readonly window: EvaluationWindow | undefined
  readonly sloFileContent: string
}

function ended(verdict: 'pass' | 'none', message: string, frame: Frame): Preparation {
  return { code: 'ended', answer: endedAnswer(verdict, message, frame) }
}

/** An evaluation without a single judged value: `none` is errored/fail, and exits with 3. */
export function endedAnswer(
  verdict: 'pass' | 'none',
  message: string,
  frame: Frame,
): EvaluationAnswer {
  const result = verdict === 'pass' ? 'pass' : 'fail'
  const { subject, window } = frame
  return {
    status: verdict === 'pass' ? 'succeeded' : 'errored',
    result,
    message,
    evaluation: emptyEvaluation(result, frame),
    explanation: explainEnd({ verdict, subject, window, message, notes: [] }),
  }
}

function subjectOf({ project, stage, service, version, labels }: EvaluationTask): Subject {
  return { project, stage, service, version: version ?? labels['version'] ?? null }
}

function scopeOf(task: EvaluationTask, slo: Slo): QueryScope {
  const { project, stage, service, labels, data } = task
  const deployment = deploymentOf(data.deployment?.deploymentNames?.[0], labels)
  return { project, stage, service, labels, deployment, filters: slo.filter }
}
