import type { Application, OperationState } from '@tiphys/contract/argocd-application.ts'
import { isOver, revisionsOf } from './application-view.ts'
import { judgeDeployment } from './judge.ts'
import { type JudgeMemory, LOOK_AGAIN_MS, NO_MEMORY } from './judgement.ts'
import { isEnded } from './outcome.ts'
import { parseRfc3339 } from './rfc3339.ts'
import type { DeploymentWish, Patience, Standing } from './wish.ts'

/**
 * How an operation that Argo CD made by itself turned out: the same judge, with the operation's own revision as the wish. A run is
 * started when this is known, so its tests meet what was really deployed.
 */
export function judgeForeignOperation(look: ForeignLook): ForeignJudgement {
  const { application, state, patience, nowMs } = look
  if (application.operation || !isOver(state)) {
    const message = 'the operation is in progress'
    const outcome = {
      code: 'pending',
      message,
      needsRefresh: false,
      lookAgainMs: LOOK_AGAIN_MS,
    } as const
    return { outcome, memory: NO_MEMORY }
  }
  const finishedMs = parseRfc3339(state.finishedAt) ?? nowMs
  const judged = judgeDeployment({
    application,
    wish: wishOf(state, patience),
    memory: { ...look.memory, adopted: state.startedAt },
    nowMs,
    facts: {
      deadlineMs: Math.max(finishedMs, 0) + LONGEST_WAIT_MS,
      standings: standingsOf(application),
      isSyncAccepted: false,
      isRefreshed: true,
      isWindowClosed: false,
    },
  })
  return { outcome: foreignOutcome(judged.outcome), memory: judged.memory }
}

export type ForeignLook = {
  readonly application: Application
  readonly state: OperationState
  readonly patience: Patience
  readonly memory: JudgeMemory
  readonly nowMs: number
}

export type ForeignJudgement = { readonly outcome: ForeignOutcome; readonly memory: JudgeMemory }

export type ForeignOutcome =
  | {
      readonly code: 'pending'
      readonly message: string
      readonly needsRefresh: boolean
      readonly lookAgainMs: number
    }
  | KnownOutcome

export type KnownOutcome = {
  readonly code: 'deployed' | 'sync-failed' | 'degraded' | 'unknown'
  readonly message: string
}

/** An application that is neither healthy nor degraded so long after its operation is judged as it is. */
const LONGEST_WAIT_MS = 30 * 60 * 1_000

function wishOf(state: OperationState, patience: Patience): DeploymentWish {
  return {
    runId: '',
    triggeredId: '',
    revisions: revisionsOf(state.syncResult),
    isNew: true,
    syncBy: 'argocd',
    images: [],
    patience,
  }
}

/** Whatever came after it on the branch: this operation is judged by what it deployed. */
function standingsOf(application: Application): Readonly<Record<string, Standing>> {
  const { sync, operationState } = application.status
  const found = [...revisionsOf(sync), ...revisionsOf(operationState?.syncResult)]
  return Object.fromEntries(found.map((revision) => [revision, 'carries']))
}

function foreignOutcome(outcome: ReturnType<typeof judgeDeployment>['outcome']): ForeignOutcome {
  const { message } = outcome
  if (!isEnded(outcome)) {
    const needsRefresh = outcome.code === 'waiting' && outcome.need === 'refresh'
    return { code: 'pending', message, needsRefresh, lookAgainMs: outcome.lookAgainMs }
  }
  switch (outcome.code) {
    case 'succeeded':
      return { code: 'deployed', message }
    case 'sync-failed':
    case 'degraded':
      return { code: outcome.code, message }
    case 'paused':
      // It goes on when somebody promotes it; until then it is neither deployed nor failed.
      return { code: 'pending', message, needsRefresh: false, lookAgainMs: PAUSED_LOOK_MS }
    case 'superseded':
    case 'timed-out':
    case 'unknown':
    case 'unreachable':
      return { code: 'unknown', message }
  }
}

const PAUSED_LOOK_MS = 30_000
