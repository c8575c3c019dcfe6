import type { StoredExplanation } from '@tiphys/contract/explanation.ts'
import { rankedCauses } from './causes.ts'
import {
  EXPLANATION_VERSION,
  type ExplainedHistory,
  type ExplainedObjective,
  type ExplainedRun,
  type Explanation,
} from './explanation.ts'

/**
 * A stored report of any version as one of today. What an older one does not say is null or empty; nothing is made up. The causes are
 * ranked again, so that they always name objectives of this report.
 */
export function completeExplanation(stored: StoredExplanation): Explanation {
  const objectives = stored.objectives.map(completeObjective)
  return {
    ...stored,
    version: EXPLANATION_VERSION,
    causes: rankedCauses(objectives),
    objectives,
    baseline: stored.baseline === null ? null : completeHistory(stored.baseline),
    providerFailure: stored.providerFailure ?? null,
    additionalSlis: stored.additionalSlis ?? [],
  }
}

/** Version 1 knew no other judge. */
const FIRST_JUDGE = 'criteria'

function completeObjective(stored: StoredExplanation['objectives'][number]): ExplainedObjective {
  return {
    ...stored,
    judge: stored.judge ?? FIRST_JUDGE,
    margin: stored.margin ?? null,
    series: stored.series ?? null,
    remarks: stored.remarks ?? [],
  }
}

type StoredHistory = NonNullable<StoredExplanation['baseline']>

function completeHistory(stored: StoredHistory): ExplainedHistory {
  return {
    ...stored,
    evaluations: stored.evaluations.map((run) => ({
      ...completeRun(run),
      pinned: run.pinned ?? null,
    })),
    leftOut: (stored.leftOut ?? []).map((run) => ({
      ...completeRun(run),
      reason: run.reason,
      text: run.text,
    })),
    notes: stored.notes ?? [],
  }
}

function completeRun(stored: StoredHistory['evaluations'][number]): ExplainedRun {
  return {
    id: stored.id,
    result: stored.result,
    triggeredId: stored.triggeredId ?? null,
    context: stored.context ?? null,
    timeMs: stored.timeMs ?? null,
    version: stored.version ?? null,
  }
}
