import type { Verdict } from '@tiphys/contract/http/native-run.ts'
import type { RunDocument } from '../projections/runs-document.ts'

/** What decided, and in which words. */
export type Judgement = { readonly verdict: Verdict; readonly reason: string }

/** The order of behaviour.md 12: having no verdict is worse than a warning and better than a fail. */
const RANK: Readonly<Record<Verdict, number>> = { pass: 0, warning: 1, none: 2, fail: 3 }

/** The worst on the way of a run, so far; undefined while nothing was decided. */
export function judgeRun(run: RunDocument): Judgement | undefined {
  const tasks = run.tasks.flatMap(({ name, index, attempt, outcome }) =>
    outcome === undefined || isRepeated(run, index, attempt)
      ? []
      : [{ verdict: verdictOf(outcome), reason: `${name}: ${outcome.message || outcome.result}` }],
  )
  const end = run.end
  if (end === undefined) return worst(tasks)
  const ended = { verdict: verdictOf(end), reason: end.message || `${run.sequence}: ${end.result}` }
  return worst([...tasks, ended])
}

/** Of a task that was tried again only the last attempt counts. */
function isRepeated(run: RunDocument, index: number, attempt: number): boolean {
  return run.tasks.some((task) => task.index === index && task.attempt > attempt)
}

/** The worst on the way of several runs; a run that was taken up by another one counts no more. */
export function judgeRuns(runs: readonly RunDocument[]): Judgement | undefined {
  const takenUp = new Set(runs.map((run) => run.rerun?.of))
  return worst(
    runs.flatMap((run) => {
      if (takenUp.has(run.runId)) return []
      const own = judgeRun(run)
      if (own === undefined) return []
      return [{ ...own, reason: `${run.stage}.${run.sequence}: ${own.reason}` }]
    }),
  )
}

/** The first of the worst: later ones are mostly its consequences. */
function worst(judgements: readonly Judgement[]): Judgement | undefined {
  const [first, ...others] = judgements
  if (first === undefined) return undefined
  return others.reduce((bad, one) => (RANK[one.verdict] > RANK[bad.verdict] ? one : bad), first)
}

/** Only what succeeded in being carried out has a verdict: an error says nothing about the software. */
function verdictOf(outcome: {
  readonly status: string
  readonly result: 'pass' | 'warning' | 'fail'
}): Verdict {
  return outcome.status === 'succeeded' ? outcome.result : 'none'
}
