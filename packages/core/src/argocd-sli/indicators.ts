import type { Application } from '@tiphys/contract/argocd-application.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { isOver } from '../deployment/application-view.ts'
import { parseRfc3339 } from '../deployment/rfc3339.ts'
import type { SliProblemCode } from '../evaluation/sli-value.ts'
import type { Restarts } from './pod-restarts.ts'
import { becameAt, continued, type Outage, type Span, type Timeline, timeIn } from './timeline.ts'

/** What Argo CD itself can say of an application, each with its unit; no query is needed. */
export const ARGOCD_INDICATORS = {
  /** How long the newest sync took that had begun by the end of the window. */
  sync_duration: 's',
  /** From the beginning of that sync until the application was synced and healthy. */
  time_to_healthy: 's',
  /** How long the application was Degraded within the window. */
  time_degraded: 's',
  /** How long it was not what Git says, within the window. */
  out_of_sync: 's',
  /** Restarts of its containers within the window. */
  restarts: '',
  /** Resources that the newest sync could not apply, and hooks that failed in it. */
  failed_resources: '',
} as const

export type ArgocdIndicator = keyof typeof ARGOCD_INDICATORS

export const ARGOCD_PROVIDER = 'argocd'

/** What is known of one application. */
export type ArgocdFacts = {
  /** `argocd/carts`, for messages. */
  readonly name: string
  readonly application: Application
  /** What was seen of it over time; empty where nobody looked. */
  readonly health: Timeline
  readonly sync: Timeline
  readonly outages: readonly Outage[]
  /** Only where restarts are asked for. */
  readonly restarts?: Restarts
  readonly nowMs: number
}

export type ArgocdReading =
  | { readonly code: 'value'; readonly value: number; readonly remark?: string }
  | { readonly code: 'none'; readonly problem: SliProblemCode; readonly message: string }

export type NamedIndicator =
  | { readonly ok: true; readonly indicator: ArgocdIndicator }
  | { readonly ok: false; readonly message: string }

/** The built-in indicator that sli.yaml means: its query, or without one the indicator's own name. */
export function argocdIndicator(name: string): NamedIndicator {
  if (Object.hasOwn(ARGOCD_INDICATORS, name))
    return { ok: true, indicator: name as ArgocdIndicator }
  const known = Object.keys(ARGOCD_INDICATORS)
  const near = didYouMean(name, known)
  const meant = near === undefined ? '' : `, did you mean ${near}?`
  const message = `argocd has no indicator ${name}${meant || ';'} it has ${known.join(', ')}`
  return { ok: false, message }
}

/** Third-party controllers may not have reacted yet when Argo CD first looks (facts/argocd.md 1.7). */
const SETTLE_MS = 10_000
const MS_PER_SECOND = 1_000

/** Reads one indicator out of what is known. */
export function readArgocd(
  indicator: ArgocdIndicator,
  facts: ArgocdFacts,
  window: Span,
): ArgocdReading {
  switch (indicator) {
    case 'sync_duration':
      return withSync(facts, window, ({ startedMs, finishedMs }) => seconds(finishedMs - startedMs))
    case 'time_to_healthy':
      return withSync(facts, window, (sync) => timeToHealthy(facts, sync))
    case 'time_degraded':
      return timeOf(facts, healthOf(facts), ['Degraded'], window)
    case 'out_of_sync':
      return timeOf(facts, syncOf(facts), ['OutOfSync'], window)
    case 'restarts':
      return restarts(facts)
    case 'failed_resources':
      return failedResources(facts, window)
  }
}

type Sync = { readonly startedMs: number; readonly finishedMs: number }

/** The newest sync that had begun by the end of the window; Argo CD keeps the last one, and the successful ones in its history. */
function withSync(
  facts: ArgocdFacts,
  window: Span,
  read: (sync: Sync) => ArgocdReading,
): ArgocdReading {
  const { operationState, history } = facts.application.status
  const startedMs = parseRfc3339(operationState?.startedAt)
  if (operationState && startedMs !== undefined && startedMs <= window.endMs) {
    const finishedMs = parseRfc3339(operationState.finishedAt)
    if (!isOver(operationState) || finishedMs === undefined) {
      return none(`the sync of ${facts.name} that began at ${operationState.startedAt} is not over`)
    }
    return read({ startedMs, finishedMs })
  }
  const kept = (history ?? []).flatMap(({ deployStartedAt, deployedAt }) => {
    const [fromMs, toMs] = [parseRfc3339(deployStartedAt), parseRfc3339(deployedAt)]
    if (fromMs === undefined || toMs === undefined || fromMs > window.endMs) return []
    return [{ startedMs: fromMs, finishedMs: toMs }]
  })
  const last = kept.at(-1)
  if (last !== undefined) return read(last)
  return none(`Argo CD keeps no sync of ${facts.name} that began before the end of the window`)
}

function timeToHealthy(facts: ArgocdFacts, { startedMs, finishedMs }: Sync): ArgocdReading {
  const healthyMs = becameAt(healthOf(facts), ['Healthy'], finishedMs, SETTLE_MS)
  if (healthyMs !== undefined) return seconds(healthyMs - startedMs)
  const now = facts.application.status.health?.status ?? 'Unknown'
  return none(`${facts.name} did not become healthy after its sync: it is ${now}`)
}

/** What was seen, and since when it is what Argo CD says now. */
function healthOf({ application, health, nowMs }: ArgocdFacts): Timeline {
  const { status, lastTransitionTime } = application.status.health ?? {}
  if (!status) return health
  const changedMs = parseRfc3339(lastTransitionTime)
  const known = health.at(-1)?.value === status ? undefined : nowMs
  const atMs = changedMs === undefined ? known : Math.min(changedMs, nowMs)
  return atMs === undefined ? health : continued(health, { atMs, value: status })
}

function syncOf({ application, sync, nowMs }: ArgocdFacts): Timeline {
  const status = application.status.sync?.status
  if (!status || sync.at(-1)?.value === status) return sync
  return continued(sync, { atMs: nowMs, value: status })
}

function timeOf(
  facts: ArgocdFacts,
  timeline: Timeline,
  values: readonly string[],
  window: Span,
): ArgocdReading {
  const span = { startMs: window.startMs, endMs: Math.min(window.endMs, facts.nowMs) }
  // What Argo CD says of the last change itself needs nobody who looked.
  const sinceMs = timeline.at(-1)?.atMs ?? Number.POSITIVE_INFINITY
  const outages = facts.outages.map(({ fromMs, toMs }) => ({
    fromMs,
    toMs: Math.min(toMs, sinceMs),
  }))
  const { ms, unseenMs } = timeIn(timeline, outages, values, span)
  const lengthMs = span.endMs - span.startMs
  if (lengthMs <= 0) return none('the window has not begun yet')
  if (unseenMs >= lengthMs) {
    return none(
      `nobody observed ${facts.name} in the window; Tiphys follows an application from when it carries its labels tiphys.dev/project, stage and service`,
    )
  }
  if (unseenMs < MS_PER_SECOND) return seconds(ms)
  const unseen = Math.round(unseenMs / MS_PER_SECOND)
  return { ...seconds(ms), remark: `${unseen} s of the window were not observed` }
}

function restarts({ restarts: found, name }: ArgocdFacts): ArgocdReading {
  if (found === undefined) return none(`the pods of ${name} were not read`)
  const { atLeast, atMost } = found
  if (atLeast === atMost) return { code: 'value', value: atMost }
  const remark = `between ${atLeast} and ${atMost}: Kubernetes keeps the times of the last restarts only, and the worst is taken`
  return { code: 'value', value: atMost, remark }
}

const FAILED_HOOKS: readonly unknown[] = ['Failed', 'Error']

function failedResources({ application, name }: ArgocdFacts, window: Span): ArgocdReading {
  const { operationState } = application.status
  const startedMs = parseRfc3339(operationState?.startedAt)
  if (!operationState || startedMs === undefined) return none(`${name} was never synced`)
  if (startedMs > window.endMs) {
    return none(
      `the last sync of ${name} began after the window, and Argo CD keeps no resources of earlier ones`,
    )
  }
  const failed = (operationState.syncResult?.resources ?? []).filter(
    ({ status, hookPhase }) => status === 'SyncFailed' || FAILED_HOOKS.includes(hookPhase),
  )
  return { code: 'value', value: failed.length }
}

function seconds(ms: number) {
  return { code: 'value', value: ms / MS_PER_SECOND } as const
}

function none(message: string): ArgocdReading {
  return { code: 'none', problem: 'no-data', message }
}
