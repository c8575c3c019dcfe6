import type { Application, OperationState } from '@tiphys/contract/argocd-application.ts'
import {
  applicationName,
  failedResources,
  infoOf,
  isComparedAfter,
  isOver,
  noDeploymentReason,
  revisionsOf,
  syncStateOf,
} from './application-view.ts'
import { judgeHealth } from './judge-health.ts'
import {
  type JudgeMemory,
  type Judgement,
  LOOK_AGAIN_MS,
  waiting,
  withoutHealth,
} from './judgement.ts'
import { RUN_INFO, TRIGGERED_ID_INFO } from './kubernetes-names.ts'
import { type DeploymentOutcome, isEnded } from './outcome.ts'
import { type DeploymentWish, type Standing, standingOfAll } from './wish.ts'

/**
 * When is a deployment done? One look at one snapshot of the application decides, whatever woke us (facts 1.7, behaviour.md 7).
 *
 *                     ┌────────────── another operation is in progress: wait ◀─┐
 *                     ▼                                                        │
 *   (look) ──▶ no operation of ours ──need sync──▶ POST sync, or auto-sync ──▶ operation runs ──sync window──▶ blocked
 *                     │                                                        │        └──deadline──▶ timed-out (ours: terminate)
 *    Synced+Healthy, compared after our wish                     over: ours by info, or adopted
 *                     │                                   Failed, Error │      │ Succeeded
 *                     ▼                                                 ▼      ▼
 *            succeeded (no change)                            sync-failed    revision? ──another value──▶ superseded
 *                                                                              │ satisfies, carries
 *                                                     reconciledAt > finishedAt, else refresh  (the trust gate)
 *                                                                              │
 *                                       error conditions, Unknown ──grace──▶ unknown
 *                                       OutOfSync: wait; only prune left ──▶ warning
 *                                       Degraded ──grace──▶ degraded;  Progressing, Missing: wait
 *                                       Healthy ──settle time──▶ succeeded;  paused Rollout ──settle──▶ paused
 *
 * `memory` is what one look leaves for the next; losing it (a restart) only makes the judge wait a settle time or a grace again.
 */
export function judgeDeployment(look: Look): Judgement {
  const judged = judge(look)
  const { outcome } = judged
  // While a sync window holds, the deadline stands still (behaviour.md 3).
  if (isEnded(outcome) || outcome.code === 'blocked') return judged
  if (look.nowMs < look.facts.deadlineMs) return judged
  const message = `timed out: ${outcome.message}`
  if (look.application === undefined) {
    return { ...judged, outcome: { code: 'unreachable', message } }
  }
  const terminate = isOurs(look, look.application.operation)
  return { ...judged, outcome: { code: 'timed-out', message, terminate } }
}

export type Look = {
  /** Undefined while Argo CD does not answer, or does not know the application yet. */
  readonly application: Application | undefined
  readonly wish: DeploymentWish
  readonly facts: JudgeFacts
  readonly memory: JudgeMemory
  readonly nowMs: number
}

export type JudgeFacts = {
  readonly deadlineMs: number
  /** By revision: what Git says about it. The wished revision itself need not be there. */
  readonly standings: Readonly<Record<string, Standing>>
  /** Argo CD accepted a sync of ours: any other operation that it shows came after it. */
  readonly isSyncAccepted: boolean
  /** A refresh that was asked for after the wish stood in Git was answered before this snapshot, or by it. */
  readonly isRefreshed: boolean
  /** A sync window keeps the operation that we wait for from starting. */
  readonly isWindowClosed: boolean
  /** Why there is no snapshot, in one sentence. */
  readonly absence?: string
}

const RETRY_MS = 2_000

/** Revisions whose standing the judge will want to know. */
export function revisionsToAsk(
  application: Application,
  wish: DeploymentWish,
): readonly { readonly sourceIndex: number; readonly revision: string }[] {
  const { sync, operationState } = application.status
  const lists = [revisionsOf(operationState?.syncResult), revisionsOf(sync)]
  const asked = wish.revisions.flatMap((wished, sourceIndex) => {
    if (wished === '') return []
    return lists.flatMap((list) => {
      const revision = list[sourceIndex]
      return revision && revision !== wished ? [{ sourceIndex, revision }] : []
    })
  })
  return asked.filter(
    (one, index) => asked.findIndex((other) => other.revision === one.revision) === index,
  )
}

function judge(look: Look): Judgement {
  const { application } = look
  const memory = withoutHealth(look.memory)
  if (application === undefined) {
    const why = look.facts.absence ?? 'Argo CD does not answer'
    return { outcome: waiting('look', why, RETRY_MS), memory }
  }
  const name = applicationName(application)
  if (application.metadata.deletionTimestamp) {
    return { outcome: { code: 'unknown', message: `application ${name} is being deleted` }, memory }
  }
  if (application.operation) return { outcome: judgeRunning(look, application), memory }
  const state = application.status.operationState ?? undefined
  if (state === undefined) return judgeIdle(look, application)
  if (!isOver(state)) {
    return { outcome: waiting('look', `the operation on ${name} is ending`), memory }
  }
  if (isOurs(look, state.operation) || state.startedAt === memory.adopted) {
    return judgeEnded(look, application, state)
  }
  return judgeForeign(look, application, state)
}

/** An operation is requested or in progress; there is never more than one. */
function judgeRunning(look: Look, application: Application): DeploymentOutcome {
  const name = applicationName(application)
  const state = application.status.operationState
  const words = state?.message ? `: ${state.message}` : ''
  if (state?.phase === 'Running' && /blocked by sync window/i.test(state.message ?? '')) {
    return blocked(`a sync window blocks the sync of ${name}`)
  }
  if (isOurs(look, application.operation)) {
    return waiting('look', `Argo CD syncs ${name}${words}`)
  }
  const by = application.operation?.initiatedBy
  const who = by?.automated ? 'auto-sync' : by?.username || 'somebody else'
  return waiting('look', `another operation on ${name} is in progress, by ${who}${words}`)
}

/** The operation is ours, or adopted, and over. */
function judgeEnded(look: Look, application: Application, state: OperationState): Judgement {
  const name = applicationName(application)
  const memory = withoutHealth(look.memory)
  if (state.phase !== 'Succeeded') {
    const words = [state.message ?? '', ...failedResources(state)].filter((one) => one !== '')
    const message = `the sync of ${name} failed: ${words.join('; ') || state.phase}`
    return { outcome: { code: 'sync-failed', message }, memory }
  }
  const revisions = revisionsOf(state.syncResult)
  const standing = standingIn(look, revisions, application)
  switch (standing) {
    case 'differs':
      return { outcome: superseded(name, 'the sync found'), memory }
    case 'before': {
      const message = `the sync of ${name} deployed ${revisions.join(', ')}, which does not contain commit ${wished(look)}: the application reads another branch or repository than argocd.yaml names`
      return { outcome: { code: 'unknown', message }, memory }
    }
    case 'satisfies':
    case 'carries':
    case 'unknown':
      return judgeTrusted(look, application, state, standing)
  }
}

/** Somebody else's operation is the last one. */
function judgeForeign(look: Look, application: Application, state: OperationState): Judgement {
  const { wish, facts } = look
  const name = applicationName(application)
  const memory = withoutHealth(look.memory)
  if (noDeploymentReason(state.operation) !== undefined) return judgeIdle(look, application)
  // With a new commit of ours in it, or after a sync of ours, the operation is younger than the wish.
  const isYounger = wish.isNew || facts.isSyncAccepted
  switch (standingIn(look, revisionsOf(state.syncResult), application)) {
    case 'differs':
      if (!isYounger) break
      return { outcome: superseded(name, 'a later operation deployed'), memory }
    case 'before':
      if (!facts.isSyncAccepted) break
      return { outcome: superseded(name, 'a later operation deployed'), memory }
    case 'unknown':
      if (!facts.isSyncAccepted) break
      return {
        outcome: waiting(
          'look',
          `Git cannot tell whether what ${name} runs holds what this run set`,
        ),
        memory,
      }
    case 'satisfies':
    case 'carries': {
      // A failed one says nothing while we may still sync ourselves.
      const isFinal =
        state.phase === 'Succeeded' || wish.syncBy === 'argocd' || facts.isSyncAccepted
      if (!isYounger || !isFinal) break
      return judgeEnded(
        { ...look, memory: { ...memory, ...look.memory, adopted: state.startedAt } },
        application,
        state,
      )
    }
  }
  return judgeIdle(look, application)
}

/** No operation that counts. Perhaps what we wish is deployed already; else somebody has to sync. */
function judgeIdle(look: Look, application: Application): Judgement {
  const { wish, facts } = look
  const name = applicationName(application)
  const memory = withoutHealth(look.memory)
  const weSync = wish.syncBy === 'tiphys' || !wish.isNew
  const syncsAtOnce = weSync && wish.isNew && !facts.isSyncAccepted
  if (!facts.isRefreshed && !syncsAtOnce) {
    return { outcome: waiting('refresh', `asking Argo CD to compare ${name} with Git`, 0), memory }
  }
  const { sync, operationState } = application.status
  const standing = facts.isRefreshed ? standingIn(look, revisionsOf(sync), application) : 'unknown'
  const isWished = standing === 'satisfies' || standing === 'carries'
  if (isWished && sync?.status === 'Synced') {
    if (operationState && !isComparedAfter(application, operationState)) {
      return { outcome: untrusted(name), memory }
    }
    return judgeHealth({ ...look, application, standing, noChange: !facts.isSyncAccepted })
  }
  if (standing === 'differs') return { outcome: superseded(name, 'Git holds'), memory }
  if (facts.isWindowClosed) {
    return { outcome: blocked(`a sync window keeps ${name} from being synced`), memory }
  }
  if (weSync && !facts.isSyncAccepted) {
    return { outcome: waiting('sync', `${name} is to be synced`, 0), memory }
  }
  return { outcome: waiting('auto-sync', `waiting for Argo CD to sync ${name} by itself`), memory }
}

/** Health and sync are believed only when they were compared after the operation ended. */
function judgeTrusted(
  look: Look,
  application: Application,
  state: OperationState,
  standing: Standing,
): Judgement {
  const name = applicationName(application)
  const memory = withoutHealth(look.memory)
  if (!isComparedAfter(application, state)) return { outcome: untrusted(name), memory }
  const hasCompared = syncStateOf(application) !== 'unknown'
  if (!hasCompared) return judgeHealth({ ...look, application, standing, noChange: false })
  const compared = standingIn(look, revisionsOf(application.status.sync), application)
  if (compared === 'differs') return { outcome: superseded(name, 'Git holds'), memory }
  if (compared === 'before') return { outcome: untrusted(name), memory }
  const isCarried = compared === 'carries' || standing === 'carries'
  return judgeHealth({
    ...look,
    application,
    standing: isCarried ? 'carries' : compared,
    noChange: false,
  })
}

function standingIn(look: Look, found: readonly string[], application: Application): Standing {
  const { wish, facts } = look
  const standing = standingOfAll(wish.revisions, found, facts.standings)
  if (standing !== 'unknown' || wish.images.length === 0) return standing
  const running = application.status.summary?.images ?? []
  return wish.images.every((image) => running.includes(image)) ? 'satisfies' : 'unknown'
}

/** By the info of both our run and our task: a run may deploy twice. */
function isOurs(look: Pick<Look, 'wish'>, operation: Application['operation']): boolean {
  const { runId, triggeredId } = look.wish
  return (
    infoOf(operation, RUN_INFO) === runId && infoOf(operation, TRIGGERED_ID_INFO) === triggeredId
  )
}

function wished(look: Look): string {
  return look.wish.revisions.filter((revision) => revision !== '').join(', ')
}

function blocked(message: string): DeploymentOutcome {
  return { code: 'blocked', message, lookAgainMs: LOOK_AGAIN_MS }
}

function untrusted(name: string): DeploymentOutcome {
  return waiting('refresh', `waiting for Argo CD to compare ${name} after the sync`)
}

function superseded(name: string, who: string): DeploymentOutcome {
  return {
    code: 'superseded',
    message: `superseded: ${who} another value on ${name} than this run set`,
  }
}
