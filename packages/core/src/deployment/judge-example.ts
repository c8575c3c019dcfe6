import type { Application } from '@tiphys/contract/argocd-application.ts'
import { type JudgeFacts, judgeDeployment, type Look } from './judge.ts'
import { type JudgeMemory, NO_MEMORY } from './judgement.ts'
import { type DeploymentOutcome, isEnded } from './outcome.ts'
import type { DeploymentWish } from './wish.ts'

/** Snapshots and wishes that the judge's tests start from. */
export const WISHED = 'c0ffee'
export const OLD = '0ld000'
export const AT_5 = '2026-01-01T00:00:05Z'
export const AT_6 = '2026-01-01T00:00:06Z'

export const wish: DeploymentWish = {
  runId: 'run-1',
  triggeredId: 'task-1',
  revisions: [WISHED],
  isNew: true,
  syncBy: 'tiphys',
  images: [],
  patience: {
    settleMs: 10_000,
    degradedGraceMs: 60_000,
    unknownGraceMs: 60_000,
    requireSynced: true,
  },
}

export const facts: JudgeFacts = {
  deadlineMs: 1_000_000,
  standings: { [OLD]: 'before' },
  isSyncAccepted: false,
  isRefreshed: false,
  isWindowClosed: false,
}

export const OUR_INFO = [
  { name: 'tiphys.dev/run', value: 'run-1' },
  { name: 'triggeredid', value: 'task-1' },
]

type Change = {
  operation?: Application['operation']
  state?: Partial<NonNullable<Application['status']['operationState']>> | null
  sync?: Application['status']['sync']
  health?: string
  reconciledAt?: string
  status?: Partial<Application['status']>
}

/** Ours succeeded at the wished revision, compared after it, Synced and Healthy: everything else is a change of that. */
export function application(change: Change = {}): Application {
  const state =
    change.state === null
      ? undefined
      : {
          phase: 'Succeeded',
          operation: { info: OUR_INFO, initiatedBy: { username: 'tiphys' } },
          syncResult: { revision: WISHED },
          startedAt: '2026-01-01T00:00:00Z',
          finishedAt: AT_5,
          ...change.state,
        }
  return {
    metadata: { name: 'carts', namespace: 'argocd', uid: 'u-1' },
    spec: { project: 'default' },
    status: {
      sync: change.sync ?? { status: 'Synced', revision: WISHED },
      health: { status: change.health ?? 'Healthy' },
      reconciledAt: change.reconciledAt ?? AT_6,
      ...(state === undefined ? {} : { operationState: state }),
      ...change.status,
    },
    ...(change.operation ? { operation: change.operation } : {}),
  }
}

export function look(change: Partial<Look> = {}): Look {
  return { application: application(), wish, facts, memory: NO_MEMORY, nowMs: 0, ...change }
}

/** Looks at one snapshot again and again, as long as it takes. */
export function watch(change: Partial<Look>, untilMs = 200_000): DeploymentOutcome {
  let memory: JudgeMemory = change.memory ?? NO_MEMORY
  let nowMs = 0
  for (;;) {
    const judged = judgeDeployment(look({ ...change, memory, nowMs }))
    if (isEnded(judged.outcome) || nowMs >= untilMs) return judged.outcome
    memory = judged.memory
    nowMs += Math.max(1, judged.outcome.lookAgainMs)
  }
}

export const foreign = { operation: { initiatedBy: { automated: true } } }
