import type { Application } from '@tiphys/contract/argocd-application.ts'
import {
  applicationName,
  errorConditions,
  outOfSyncResources,
  pausedRollouts,
  revisionsOf,
  syncStateOf,
} from './application-view.ts'
import { type JudgeMemory, type Judgement, waiting, withoutHealth } from './judgement.ts'
import type { EndedOutcome } from './outcome.ts'
import type { DeploymentWish, Standing } from './wish.ts'

export type HealthLook = {
  readonly application: Application
  readonly wish: DeploymentWish
  readonly memory: JudgeMemory
  readonly standing: Standing
  /** Nothing had to be deployed, so there is nothing to settle. */
  readonly noChange: boolean
  readonly nowMs: number
}

/** How many drifted resources a message names. */
const MAX_NAMED = 5
const SHORT_REVISION_CHARACTERS = 8

/**
 * The second half of the judge: the right revision is deployed and the snapshot is younger than that. Sync comes before health:
 * an application that is not synced may be healthy with the old version.
 */
export function judgeHealth(look: HealthLook): Judgement {
  const { application, wish, standing } = look
  const name = applicationName(application)
  const errors = errorConditions(application)
  const sync = syncStateOf(application)
  if (errors.length > 0)
    return unknown(look, `application ${name} is in error: ${errors.join('; ')}`)
  if (sync === 'unknown') return unknown(look, `the sync status of ${name} is Unknown`)
  if (standing === 'unknown') {
    return pending(look, `Git cannot tell whether what ${name} runs holds what this run set`)
  }
  // A newer revision of somebody else is not deployed yet; ours is.
  const isMovedOn = standing === 'carries'
  if (sync === 'out-of-sync' && wish.patience.requireSynced && !isMovedOn) {
    return pending(look, `application ${name} is still OutOfSync${drift(application)}`)
  }
  const health = application.status.health
  const words = health?.message ? `: ${health.message}` : ''
  const status = health?.status || 'Progressing'
  switch (status) {
    case 'Healthy':
    case 'Suspended':
      return settle(look)
    case 'Degraded':
      return degraded(look, `application ${name} is Degraded${words}`)
    case 'Progressing':
    case 'Missing':
      return pending(look, `application ${name} is ${status}${words}`)
    default:
      return unknown(look, `the health of ${name} is ${status}${words}`)
  }
}

/** Healthy must be seen twice, a settle time apart. */
function settle(look: HealthLook): Judgement {
  const { nowMs, wish, noChange } = look
  const sinceMs = Math.min(look.memory.healthySinceMs ?? nowMs, nowMs)
  const memory = { ...withoutHealth(look.memory), healthySinceMs: sinceMs }
  const leftMs = wish.patience.settleMs - (nowMs - sinceMs)
  if (leftMs > 0 && !noChange) {
    const name = applicationName(look.application)
    return {
      outcome: waiting('look', `application ${name} is healthy; it has to stay so`, leftMs),
      memory,
    }
  }
  return { outcome: settled(look), memory }
}

function settled(look: HealthLook): EndedOutcome {
  const { application, noChange, standing } = look
  const name = applicationName(application)
  const isSuspended = application.status.health?.status === 'Suspended'
  const rollouts = isSuspended ? pausedRollouts(application) : []
  if (rollouts.length > 0) {
    return {
      code: 'paused',
      message: `Rollout ${rollouts.join(', ')} of ${name} is paused at a step`,
      rollouts,
    }
  }
  const pruneLeftOver = syncStateOf(application) === 'prune-left-over'
  const revision = revisionsOf(application.status.sync)
    .map((one) => one.slice(0, SHORT_REVISION_CHARACTERS))
    .join(', ')
  const remarks = [
    noChange ? 'no change' : '',
    standing === 'carries' ? 'other changes to it came along' : '',
    isSuspended ? 'something in it is suspended' : '',
    pruneLeftOver ? 'resources are left over that a prune would remove' : '',
  ].filter((remark) => remark !== '')
  const remark = remarks.length > 0 ? ` (${remarks.join('; ')})` : ''
  return {
    code: 'succeeded',
    noChange,
    pruneLeftOver,
    message: `application ${name} runs revision ${revision}${remark}`,
  }
}

function degraded(look: HealthLook, message: string): Judgement {
  const { nowMs } = look
  const sinceMs = Math.min(look.memory.degradedSinceMs ?? nowMs, nowMs)
  const memory = { ...withoutHealth(look.memory), degradedSinceMs: sinceMs }
  const leftMs = look.wish.patience.degradedGraceMs - (nowMs - sinceMs)
  if (leftMs > 0)
    return { outcome: waiting('look', message, Math.min(leftMs, MAX_LOOK_MS)), memory }
  return { outcome: { code: 'degraded', message }, memory }
}

function unknown(look: HealthLook, message: string): Judgement {
  const { nowMs } = look
  const sinceMs = Math.min(look.memory.unknownSinceMs ?? nowMs, nowMs)
  const memory = { ...withoutHealth(look.memory), unknownSinceMs: sinceMs }
  const leftMs = look.wish.patience.unknownGraceMs - (nowMs - sinceMs)
  if (leftMs > 0)
    return { outcome: waiting('look', message, Math.min(leftMs, MAX_LOOK_MS)), memory }
  return { outcome: { code: 'unknown', message }, memory }
}

/** During a grace it looks often, so that a recovery is seen and the grace starts anew. */
const MAX_LOOK_MS = 2_000

function pending(look: HealthLook, message: string): Judgement {
  return { outcome: waiting('look', message), memory: withoutHealth(look.memory) }
}

function drift(application: Application): string {
  const names = outOfSyncResources(application).map((one) => `${one.kind} ${one.name}`)
  if (names.length === 0) return ''
  const more = names.length > MAX_NAMED ? ', …' : ''
  return ` (${names.slice(0, MAX_NAMED).join(', ')}${more})`
}
