import type { ContextTimeline, Run, RunTask, Verdict } from '@tiphys/contract/http/native-run.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'

export type Judgement = {
  readonly verdict: Verdict
  /** What decided it; no task when the run itself ended so. */
  readonly run?: Run
  readonly task?: RunTask
  readonly message: string
}

type End = { readonly status: string; readonly result: string; readonly message: string }

const BADNESS: Readonly<Record<Verdict, number>> = { pass: 0, warning: 1, none: 2, fail: 3 }

/**
 * The worst that happened on the way in any of the runs, in the order pass, warning, no verdict, fail (behaviour.md 12), and the first
 * that was so bad: later ones are mostly its consequences. Nothing that ended: no verdict. Of a task that was tried again only the last
 * attempt counts, and a run that was taken up by another one counts no more.
 */
export function judge(runs: readonly Run[]): Judgement {
  let worst: Judgement | undefined
  const takenUp = new Set(runs.map((run) => run.rerun?.of))
  for (const run of runs) {
    if (takenUp.has(run.id)) continue
    for (const judgement of [
      ...run.tasks.flatMap((task) => taskJudgement(run, task)),
      ...runJudgement(run),
    ]) {
      if (worst === undefined || BADNESS[judgement.verdict] > BADNESS[worst.verdict]) {
        worst = judgement
      }
    }
  }
  return worst ?? { verdict: 'none', message: 'nothing ran' }
}

function taskJudgement(run: Run, task: RunTask): Judgement[] {
  const end = endOf(task)
  const isLater = (other: RunTask) =>
    other.index === task.index && (other.attempt ?? 1) > (task.attempt ?? 1)
  if (end === undefined || run.tasks.some(isLater)) return []
  return [{ verdict: verdictOf(end), run, task, message: end.message }]
}

function runJudgement(run: Run): Judgement[] {
  const end = endOf(run)
  return end === undefined ? [] : [{ verdict: verdictOf(end), run, message: end.message }]
}

/** How a run or a task ended; undefined while it goes on. */
export function endOf(one: Run | RunTask): End | undefined {
  if (one.endedAt === undefined || one.status === undefined) return undefined
  return { status: one.status, result: one.result ?? '', message: one.message ?? '' }
}

/** Only what was carried out says something about the software. */
function verdictOf(end: End): Verdict {
  if (end.status !== 'succeeded') return 'none'
  return end.result === 'pass' || end.result === 'warning' ? end.result : 'fail'
}

export function exitCodeOf(verdict: Verdict, failOn: 'fail' | 'warning'): ExitCode {
  switch (verdict) {
    case 'pass':
      return EXIT.pass
    case 'warning':
      return failOn === 'warning' ? EXIT.fail : EXIT.pass
    case 'none':
      return EXIT.noVerdict
    case 'fail':
      return EXIT.fail
  }
}

/** The runs a wait is about: all of the context, or only the one that was triggered. */
export function runsInScope(
  timeline: ContextTimeline,
  scope: 'context' | 'sequence',
  target: { readonly stage: string; readonly service: string; readonly sequence: string },
): readonly Run[] {
  if (scope === 'context') return timeline.runs
  const triggered = timeline.runs.find(
    (run) =>
      run.parent === undefined &&
      run.stage === target.stage &&
      run.service === target.service &&
      run.sequence === target.sequence,
  )
  return triggered === undefined ? [] : [triggered]
}
