import type { Meter } from '../ports/meter.ts'
import { DEPLOYMENT, type RunFacts } from './run-facts.ts'

const RESULTS = ['pass', 'warning', 'fail', 'errored', 'aborted']
const VERDICTS = ['pass', 'warning', 'fail', 'errored']
const MISSED = ['no-answer', 'no-finish']
const EVALUATION = 'evaluation'
/** Sequences whose series are there. Events may name ones that no shipyard has; then it begins anew. */
const MOST_PLACES = 5_000

/**
 * Makes the series of a sequence appear when its first run begins, minutes before they count: PromQL sees no increase in a series that
 * appears with its first step.
 */
export function createFirstSight(meter: Meter): (run: RunFacts) => void {
  const seen = new Set<string>()
  return (run) => {
    const key = `${run.project}/${run.stage}/${run.sequence}/${run.isObserved}`
    if (seen.has(key)) return
    if (seen.size >= MOST_PLACES) seen.clear()
    seen.add(key)
    touchRun(meter, run)
  }
}

function touchRun(meter: Meter, { project, stage, sequence, names, isObserved }: RunFacts): void {
  const place = { project, stage }
  meter.touch('tiphys_runs_started_total', { ...place, sequence })
  for (const result of RESULTS) {
    meter.touch('tiphys_runs_ended_total', { ...place, sequence, result })
  }
  for (const task of names) {
    for (const why of MISSED) meter.touch('tiphys_deadlines_missed_total', { task, why })
  }
  if (names.includes(EVALUATION)) {
    for (const result of VERDICTS) meter.touch('tiphys_evaluations_total', { ...place, result })
  }
  meter.touch('tiphys_time_to_restore_seconds', place)
  if (!isObserved && !names.includes(DEPLOYMENT)) return
  const way = isObserved ? 'observed' : 'controlled'
  meter.touch('tiphys_lead_time_seconds', place)
  for (const result of VERDICTS) {
    meter.touch('tiphys_changes_total', { ...place, result })
    meter.touch('tiphys_deployments_total', { ...place, way, result })
  }
}
