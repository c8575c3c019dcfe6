import type { Application, NameValue } from '@tiphys/contract/argocd-application.ts'
import { hasAppliedNothing, infoOf } from '@tiphys/core/deployment/application-view.ts'
import { judgeDeployment, revisionsToAsk } from '@tiphys/core/deployment/judge.ts'
import { type JudgeMemory, NO_MEMORY } from '@tiphys/core/deployment/judgement.ts'
import {
  isAuthorized,
  RUN_INFO,
  TRIGGERED_ID_INFO,
} from '@tiphys/core/deployment/kubernetes-names.ts'
import {
  type DeploymentOutcome,
  type EndedOutcome,
  isEnded,
} from '@tiphys/core/deployment/outcome.ts'
import { isWindowClosed } from '@tiphys/core/deployment/sync-windows.ts'
import type { DeploymentWish, Standing } from '@tiphys/core/deployment/wish.ts'
import type { ApplicationRef, ArgoCd, ArgoCdFailure } from '../ports/argocd.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { nextBackOff } from './keep-trying.ts'
import type { Progress } from './progress.ts'
import type { Standings } from './standing-in-git.ts'
import type { WakeUps } from './wake-ups.ts'

/**
 * Carries one deployment from its wish to its end: look, judge, do what the judge asks for, wait, look again. Whatever woke it and
 * wherever it was interrupted, the next look decides; so it can be begun again at any point, and syncs only when no look shows that
 * it did already.
 */
export type FollowParts = {
  readonly argocd: ArgoCd
  readonly wakeUps: WakeUps
  readonly clock: Clock
  readonly log: Log
}

export type FollowRequest = {
  readonly application: ApplicationRef
  readonly wish: DeploymentWish
  /** Absent when the deployment set nothing in Git. */
  readonly git?: { readonly standings: Standings; readonly paths: (seen: Application) => string[] }
  readonly infos: readonly NameValue[]
  readonly prune: boolean
  /** Who may write (behaviour.md 6). */
  readonly project: string
  readonly stage: string
  /** What an earlier life of this task knew. */
  readonly known: { readonly isSyncAccepted: boolean; readonly adopted?: string }
  readonly progress: Progress
  readonly signal: AbortSignal
  /** Read anew at every look. */
  deadlineMs(): number
  onSyncAccepted(): Promise<void>
  onAdopted(startedAt: string): Promise<void>
}

export type Followed = {
  readonly outcome: EndedOutcome
  /** The snapshot that decided, or the last one there was. */
  readonly application: Application | undefined
}

/** Two looks are never closer than this, however often something wakes us. */
const MIN_LOOK_MS = 100
/** How often the sync windows are asked for while Argo CD's auto-sync does not begin, or one of them is known to be closed. */
const WINDOW_LOOK_MS = 5_000

export async function followDeployment(
  parts: FollowParts,
  request: FollowRequest,
): Promise<Followed> {
  const follower = new Follower(parts, request)
  return await follower.run()
}

class Follower {
  readonly #parts: FollowParts
  readonly #request: FollowRequest
  #memory: JudgeMemory
  #isSyncAccepted: boolean
  #isRefreshed = false
  #isWindowClosed = false
  #windowLookMs: number | undefined
  #backOffMs = FIRST_BACK_OFF_MS
  #last: Application | undefined

  constructor(parts: FollowParts, request: FollowRequest) {
    this.#parts = parts
    this.#request = request
    const { adopted, isSyncAccepted } = request.known
    this.#memory = adopted === undefined ? NO_MEMORY : { adopted }
    this.#isSyncAccepted = isSyncAccepted
  }

  async run(): Promise<Followed> {
    const { wakeUps } = this.#parts
    const { application, signal } = this.#request
    const wake = wakeUps.watch(application)
    let need: 'look' | 'refresh' = 'look'
    try {
      for (;;) {
        signal.throwIfAborted()
        const { outcome, seen } = await this.#look(need)
        if (isEnded(outcome)) return await this.#end(outcome, seen)
        await this.#request.progress.say(outcome.message, { blocked: outcome.code === 'blocked' })
        const next = await this.#act(outcome, seen)
        if (next.code === 'ended') return { outcome: next.outcome, application: this.#last }
        need = next.need
        // However much news there is, two looks keep their distance.
        await this.#parts.clock.sleep(Math.min(next.waitMs, MIN_LOOK_MS), signal)
        const restMs = next.waitMs - MIN_LOOK_MS
        if (restMs <= 0) continue
        // A refresh makes news of its own: woken by that it would never rest.
        if (next.isWakeable) await wake.next(restMs, signal)
        else await this.#parts.clock.sleep(restMs, signal)
      }
    } finally {
      wake.close()
    }
  }

  async #look(
    need: 'look' | 'refresh',
  ): Promise<{ outcome: DeploymentOutcome; seen: Application | undefined }> {
    const { argocd, clock } = this.#parts
    const { application, signal, wish } = this.#request
    const options = need === 'refresh' ? ({ refresh: 'normal' } as const) : {}
    const answer = await argocd.get(application, options, signal)
    const seen = answer.code === 'ok' ? answer.value : undefined
    if (answer.code === 'ok' && need === 'refresh') this.#isRefreshed = true
    const standings = seen === undefined ? {} : await this.#standings(seen)
    const judged = judgeDeployment({
      application: seen,
      wish,
      memory: this.#memory,
      nowMs: clock.nowMs(),
      facts: {
        deadlineMs: this.#request.deadlineMs(),
        standings,
        isSyncAccepted: this.#isSyncAccepted,
        isRefreshed: this.#isRefreshed,
        isWindowClosed: this.#isWindowClosed,
        ...(answer.code === 'ok' ? {} : { absence: answer.message }),
      },
    })
    const { adopted } = judged.memory
    if (adopted !== undefined && adopted !== this.#memory.adopted) {
      await this.#request.onAdopted(adopted)
    }
    this.#memory = judged.memory
    if (seen !== undefined) this.#last = seen
    return { outcome: judged.outcome, seen }
  }

  async #standings(seen: Application): Promise<Readonly<Record<string, Standing>>> {
    const { git, wish, signal } = this.#request
    if (git === undefined) return {}
    const revisions = revisionsToAsk(seen, wish).map(({ revision }) => revision)
    return await git.standings.of(revisions, git.paths(seen), signal)
  }

  /** Does what brings the deployment forward, and says when to look again. */
  async #act(
    outcome: Exclude<DeploymentOutcome, EndedOutcome>,
    seen: Application | undefined,
  ): Promise<Next> {
    if (seen === undefined) {
      this.#backOffMs = nextBackOff(this.#backOffMs)
      return wait('look', this.#bounded(this.#backOffMs))
    }
    this.#backOffMs = FIRST_BACK_OFF_MS
    if (outcome.code === 'blocked') {
      await this.#lookAtWindows()
      return wait('look', outcome.lookAgainMs)
    }
    const waitMs = this.#bounded(outcome.lookAgainMs)
    switch (outcome.need) {
      case 'look':
        return wait('look', waitMs)
      case 'refresh':
        return { code: 'wait', need: 'refresh', waitMs, isWakeable: false }
      case 'auto-sync':
        await this.#lookAtWindows()
        return wait('look', waitMs)
      case 'sync':
        return await this.#sync(seen)
    }
  }

  async #sync(seen: Application): Promise<Next> {
    const { argocd } = this.#parts
    const { application, infos, prune, signal, project, stage } = this.#request
    if (!isAuthorized(seen.metadata, project, stage)) {
      const message = notAuthorized(application.name, project, stage)
      return { code: 'ended', outcome: { code: 'unknown', message } }
    }
    const answer = await argocd.sync(application, { infos, prune }, signal)
    if (answer.code === 'ok') {
      this.#isSyncAccepted = true
      await this.#request.onSyncAccepted()
      return wait('look', MIN_LOOK_MS)
    }
    if (answer.code === 'blocked') {
      this.#isWindowClosed = true
      this.#windowLookMs = this.#parts.clock.nowMs()
      return wait('look', MIN_LOOK_MS)
    }
    if (!canComeRight(answer)) {
      return { code: 'ended', outcome: { code: 'unknown', message: answer.message } }
    }
    await this.#request.progress.say(answer.message)
    // Perhaps it was accepted and only the answer got lost: the next look tells.
    this.#backOffMs = nextBackOff(this.#backOffMs)
    return wait('look', this.#bounded(this.#backOffMs))
  }

  async #lookAtWindows(): Promise<void> {
    const { argocd, clock } = this.#parts
    const { application, signal, wish } = this.#request
    const nowMs = clock.nowMs()
    const lookedMs = this.#windowLookMs
    if (lookedMs !== undefined && nowMs - lookedMs < WINDOW_LOOK_MS && nowMs >= lookedMs) return
    this.#windowLookMs = nowMs
    const answer = await argocd.syncWindows(application, signal)
    if (answer.code !== 'ok') return
    const syncBy = wish.isNew ? wish.syncBy : 'tiphys'
    this.#isWindowClosed = isWindowClosed(answer.value, syncBy)
  }

  /** An operation of ours that ran out of time is ended: a broken first wave blocks every later sync. */
  async #end(outcome: EndedOutcome, seen: Application | undefined): Promise<Followed> {
    if (outcome.code === 'timed-out' && outcome.terminate && seen !== undefined) {
      await terminateOurs(this.#parts, this.#request, seen)
    }
    return { outcome, application: this.#last }
  }

  /** Never sleeps past the deadline. */
  #bounded(waitMs: number): number {
    const leftMs = this.#request.deadlineMs() - this.#parts.clock.nowMs()
    return Math.max(MIN_LOOK_MS, Math.min(waitMs, leftMs))
  }
}

type Next =
  | {
      readonly code: 'wait'
      readonly need: 'look' | 'refresh'
      readonly waitMs: number
      readonly isWakeable: boolean
    }
  | { readonly code: 'ended'; readonly outcome: EndedOutcome }

const FIRST_BACK_OFF_MS = 500

function wait(need: 'look' | 'refresh', waitMs: number): Next {
  return { code: 'wait', need, waitMs, isWakeable: true }
}

/** A refused token or permission is mended by people, not by patience; it ends the deployment with its sentence. */
function canComeRight(failure: ArgoCdFailure): boolean {
  return failure.retryable || failure.code === 'not-found'
}

export function notAuthorized(application: string, project: string, stage: string): string {
  return `application ${application} does not allow stage ${stage} of project ${project} to change it: it needs the annotation tiphys.dev/authorized: "${project}:${stage}"`
}

type Ours = Pick<FollowRequest, 'application' | 'wish' | 'project' | 'stage'>

/**
 * Ends the operation in progress if it is ours, by info: never somebody else's, and never one that was adopted. Answers what it did,
 * for the log.
 */
export async function terminateOurs(
  parts: Pick<FollowParts, 'argocd' | 'log'>,
  { application, wish, project, stage }: Ours,
  seen: Application,
): Promise<boolean> {
  const { argocd, log } = parts
  const isOurs =
    infoOf(seen.operation, RUN_INFO) === wish.runId &&
    infoOf(seen.operation, TRIGGERED_ID_INFO) === wish.triggeredId
  if (!isOurs || !isAuthorized(seen.metadata, project, stage)) return false
  const answer = await argocd.terminate(application)
  if (answer.code === 'ok' || answer.code === 'no-operation') return true
  log.warn({ runId: wish.runId, application: application.name }, answer.message)
  return false
}

/**
 * After an abort: an operation of ours that has not touched the cluster yet is ended; anything else is left alone. After a missed
 * deadline it is ended in any case.
 */
export async function abandonDeployment(
  parts: Pick<FollowParts, 'argocd' | 'log'>,
  ours: Ours,
  isExpired: boolean,
): Promise<void> {
  const answer = await parts.argocd.get(ours.application)
  if (answer.code !== 'ok') {
    parts.log.warn({ runId: ours.wish.runId }, answer.message)
    return
  }
  if (!isExpired && !hasAppliedNothing(answer.value.status.operationState)) return
  await terminateOurs(parts, ours, answer.value)
}
