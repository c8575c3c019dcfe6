import { type AggregateFunction, aggregate } from './aggregate.ts'

/** An earlier evaluation of the same project, stage and service. */
export type PreviousEvaluation = EvaluationOrigin & {
  /** Id of its `evaluation.finished` event. */
  readonly id: string
  /** Its overall result; filters look at this, never at the status of a single indicator. */
  readonly result: string
  /** Why it never counts, whatever slo.yaml says. */
  readonly unfit?: Unfit
  /** Somebody made it the reference of its place: it is compared with instead of the newest ones. */
  readonly pinned?: Pinned
  readonly values: readonly PreviousValue[]
}

/** What a report needs to name an earlier evaluation and to link to it. Only what is known. */
export type EvaluationOrigin = {
  /** Id of its `evaluation.triggered` event: what the API calls it by. */
  readonly triggeredId?: string
  readonly context?: string
  /** When it ended, Unix time. */
  readonly timeMs?: number
  /** Of what was evaluated: the label `version`. */
  readonly version?: string
  readonly labels?: Readonly<Record<string, string>>
}

export type Unfit =
  | { readonly code: 'invalidated'; readonly by: string; readonly reason: string }
  /** Told by somebody for whom the task was not left open. */
  | { readonly code: 'untrusted'; readonly by: string }
  /** It ended before anything was evaluated. */
  | { readonly code: 'without-values' }
  /** Its context was deleted; only a pinned reference is missed. */
  | { readonly code: 'deleted' }

/** Who made it the reference, and why; empty where that is not known. */
export type Pinned = { readonly by: string; readonly reason: string }

export type PreviousValue = {
  readonly metric: string
  readonly value: number
  readonly success: boolean
}

/** What one indicator is compared with. */
export type Baseline = {
  readonly aggregateFunction: AggregateFunction
  /** Evaluations that gave a value, newest first. */
  readonly runs: readonly { readonly id: string; readonly value: number }[]
  /** Evaluations that were looked at for this. */
  readonly considered: number
  /** What is compared with is the pinned reference, not the newest evaluations. */
  readonly isReference: boolean
  /** Undefined: nothing to compare with, so relative criteria hold. */
  readonly value: number | undefined
}

/**
 * Baselines by indicator, out of the evaluations that count. One value per evaluation, also where an evaluation lists the indicator
 * twice (an SLI used in two objectives): the first that succeeded.
 */
export function baselinesOf(
  compared: readonly PreviousEvaluation[],
  aggregateFunction: AggregateFunction,
): (sli: string) => Baseline {
  const byMetric = runsByMetric(compared)
  const isReference = compared.some((evaluation) => evaluation.pinned !== undefined)
  return (sli) => {
    const runs = byMetric.get(sli)?.runs ?? []
    return {
      aggregateFunction,
      runs,
      considered: compared.length,
      isReference,
      value: aggregate(
        aggregateFunction,
        runs.map((run) => run.value),
      ),
    }
  }
}

type MetricRuns = {
  readonly runs: { readonly id: string; readonly value: number }[]
  /** Index of the evaluation that gave the last of them: two may have the same id. */
  last: number
}

/**
 * One pass over all values: a look-up for each objective in each evaluation would be most of an evaluation's time. Evaluations of one
 * slo.yaml list their values in one order, so that what stood at this place before is what stands there now; mostly nothing is looked up.
 */
function runsByMetric(compared: readonly PreviousEvaluation[]): ReadonlyMap<string, MetricRuns> {
  const byMetric = new Map<string, MetricRuns>()
  const atPlace: { readonly metric: string; readonly found: MetricRuns }[] = []
  for (let index = 0; index < compared.length; index++) {
    const { id, values } = compared[index] ?? NOTHING
    for (let place = 0; place < values.length; place++) {
      const { metric, value, success } = values[place] ?? NO_VALUE
      if (!success) continue
      const before = atPlace[place]
      const found = before?.metric === metric ? before.found : byMetric.get(metric)
      if (found === undefined) {
        const first = { runs: [{ id, value }], last: index }
        byMetric.set(metric, first)
        atPlace[place] = { metric, found: first }
      } else if (found.last !== index) {
        found.runs.push({ id, value })
        found.last = index
      }
    }
  }
  return byMetric
}

/** What stands beyond the end of a list; never read. */
const NOTHING: PreviousEvaluation = { id: '', result: '', values: [] }
const NO_VALUE: PreviousValue = { metric: '', value: 0, success: false }
