import type { Application } from '@tiphys/contract/argocd-application.ts'
import { type KeptnEvent, parseEventType } from '@tiphys/contract/event.ts'
import { lastOperation, operationKey } from '@tiphys/core/deployment/attribution.ts'
import { membershipOf } from '@tiphys/core/deployment/kubernetes-names.ts'
import { parseRfc3339 } from '@tiphys/core/deployment/rfc3339.ts'
import { uuidOf } from '@tiphys/core/event-id.ts'
import type { EffectHandler, EffectOutcome } from '../engine/outbox.ts'
import type { ArgoCd } from '../ports/argocd.ts'
import type { Clock } from '../ports/clock.ts'
import type { EffectRow, NewEffect } from '../ports/store.ts'
import type { ApplicationDirectory, KnownApplication } from './application-directory.ts'
import type { Tracker } from './considered.ts'
import { foreignOrigin, type Hint, type TriggerEvent } from './foreign-event.ts'
import { originJson } from './foreign-origin.ts'
import {
  ARGOCD_NOTIFICATION,
  type Notification,
  type NotificationBody,
  notificationBody,
  notificationOf,
  parseNotificationBody,
} from './notification.ts'
import type { RunDoor, RunNews } from './run-door.ts'

/** One connected Argo CD, as the intake needs it. */
export type ObservedInstance = {
  readonly argocd: ArgoCd
  readonly directory: ApplicationDirectory
  readonly tracker: Tracker
}

export type IntakeParts = {
  readonly instances: readonly ObservedInstance[]
  readonly door: RunDoor
  readonly clock: Clock
}

/**
 * What of the accepted events is a hint from Argo CD: stored with its event, answered at once, and looked into afterwards. With no
 * Argo CD connected an event of the seed form is an ordinary one.
 */
export function createHintOf(isConnected: () => boolean) {
  return (event: KeptnEvent, clientId: string, projectId: string): NewEffect | undefined => {
    const notification = notificationOf(event, clientId)
    if (notification === undefined || projectId === '') return undefined
    if (notification.form === 'seed' && !isConnected()) return undefined
    return {
      key: `${ARGOCD_NOTIFICATION}:${event.id}`,
      kind: ARGOCD_NOTIFICATION,
      body: notificationBody({ projectId, clientId, event }),
      dueMs: 0,
      projectId,
    }
  }
}

const DONE: EffectOutcome = { code: 'done' }
/** So long after its end an operation may still be what an event without a name speaks of (behaviour.md 6). */
const SEED_WINDOW_MS = 10 * 60 * 1_000
/** While Argo CD is silent an event of the seed form waits for so many tries, and then is an ordinary one: about two minutes. */
const MAX_SEED_TRIES = 7
/** A notification of ours is given up after about an hour of silence: the reconciler finds the operation itself. */
const MAX_TRIES = 60

/**
 * Carries out a stored notification: reads the application, and lets the tracker decide; a body only says where to look. Idempotent:
 * what it starts, it starts by the operation's key.
 */
export function createArgocdIntake(parts: IntakeParts): EffectHandler {
  return async (effect, signal) => {
    const body = parseNotificationBody(effect.body)
    const notification = notificationOf(body.event, body.clientId)
    if (notification === undefined) return DONE
    return notification.form === 'ours'
      ? await carryOutOurs(parts, effect, body, notification, signal)
      : await carryOutSeed(parts, effect, body, signal)
  }
}

async function carryOutOurs(
  parts: IntakeParts,
  effect: EffectRow,
  body: NotificationBody,
  notification: Extract<Notification, { form: 'ours' }>,
  signal: AbortSignal,
): Promise<EffectOutcome> {
  let silent: string | undefined
  for (const instance of parts.instances) {
    const found = await locate(instance, notification, signal)
    if (found.code === 'unclear') silent = found.message
    if (found.code !== 'found') continue
    return await considerHint(instance, found.application, body, notification, signal)
  }
  if (silent !== undefined) {
    return effect.attempts < MAX_TRIES ? { code: 'again', reason: silent } : DONE
  }
  return await startUnconnected(parts, body, notification)
}

type Located =
  | { readonly code: 'found'; readonly application: Application }
  | { readonly code: 'not-here' }
  | { readonly code: 'unclear'; readonly message: string }

async function locate(
  { argocd, directory }: ObservedInstance,
  notification: Extract<Notification, { form: 'ours' }>,
  signal: AbortSignal,
): Promise<Located> {
  const { namespace, application, uid } = notification
  let known = directory.byName(namespace, application)
  if (known === undefined) {
    const listed = await directory.refresh(signal)
    if (listed.code !== 'ok') {
      return listed.retryable ? { code: 'unclear', message: listed.message } : { code: 'not-here' }
    }
    known = directory.byName(namespace, application)
  }
  if (known === undefined) return { code: 'not-here' }
  const answer = await argocd.get(known.ref, {}, signal)
  if (answer.code !== 'ok') {
    return answer.retryable ? { code: 'unclear', message: answer.message } : { code: 'not-here' }
  }
  return answer.value.metadata.uid === uid
    ? { code: 'found', application: answer.value }
    : { code: 'not-here' }
}

async function considerHint(
  instance: ObservedInstance,
  application: Application,
  body: NotificationBody,
  notification: Extract<Notification, { form: 'ours' }>,
  signal: AbortSignal,
): Promise<EffectOutcome> {
  const isOfThisOperation = lastOperation(application)?.startedAt === notification.startedAt
  const hint = isOfThisOperation ? hintFor(application, body.event) : undefined
  const look = { application, signal, ...(hint === undefined ? {} : { hint }) }
  const considered = await instance.tracker.consider(look)
  if (considered.code !== 'again') return DONE
  if (!considered.needsRefresh) return { code: 'again', reason: considered.reason }
  const { name, namespace } = application.metadata
  const ref = { name, namespace, project: application.spec.project }
  const refreshed = await instance.argocd.get(ref, { refresh: 'normal' }, signal)
  if (refreshed.code !== 'ok') return { code: 'again', reason: refreshed.message }
  const second = await instance.tracker.consider({ ...look, application: refreshed.value })
  return second.code === 'again' ? { code: 'again', reason: second.reason } : DONE
}

/** A notification whose labels are not those of the application only wakes. */
function hintFor(application: Application, event: KeptnEvent): Hint | undefined {
  const membership = membershipOf(application.metadata)
  const type = parseEventType(event.type)
  const { project, stage, service } = event.data
  const fits =
    type.kind === 'sequence' &&
    type.stage === membership?.stage &&
    stage === membership.stage &&
    project === membership.project &&
    service === membership.service
  if (!fits) return undefined
  const { source, shkeptncontext = '', data } = event
  return { type: event.type, source, context: shkeptncontext, data }
}

/** From an Argo CD that is not connected: nothing can be read, so the event is believed, once per operation. */
async function startUnconnected(
  { door }: IntakeParts,
  { event, projectId }: NotificationBody,
  { uid, startedAt, outcome }: Extract<Notification, { form: 'ours' }>,
): Promise<EffectOutcome> {
  const dedupeKey = operationKey('', uid, startedAt)
  const runId = uuidOf(dedupeKey)
  const started = await door.submitTriggered({
    projectId,
    dedupeKey,
    event: triggerOf(event, runId),
  })
  if (started.code === 'repeat' && outcome === 'degraded') {
    const news = newsOf(event, { key: `${dedupeKey}:degraded`, projectId, runId, application: uid })
    if ((await door.tellRun(news)) === 'ended') await door.reportProblem(news)
  }
  return DONE
}

async function carryOutSeed(
  parts: IntakeParts,
  effect: EffectRow,
  body: NotificationBody,
  signal: AbortSignal,
): Promise<EffectOutcome> {
  const { event, projectId } = body
  const found = await applicationsOf(parts.instances, event, signal)
  if (found.code === 'unclear' && effect.attempts < MAX_SEED_TRIES) {
    return { code: 'again', reason: found.message }
  }
  const [only] = found.code === 'found' ? found.applications : []
  if (found.code === 'found' && found.applications.length === 1 && only !== undefined) {
    const outcome = await carryOutSeedOf(parts, only, body, signal)
    if (outcome === 'started' || outcome === 'news') return DONE
    if (outcome !== 'ordinary' && effect.attempts < MAX_SEED_TRIES) return outcome
  }
  const key = `argocd-event:${event.id}`
  await parts.door.submitTriggered({
    projectId,
    dedupeKey: key,
    event: triggerOf(event, uuidOf(key)),
  })
  return DONE
}

type Owned = { readonly instance: ObservedInstance; readonly known: KnownApplication }

/** The one application that an event without a name can mean. */
async function carryOutSeedOf(
  { door, clock }: IntakeParts,
  { instance, known }: Owned,
  { event, projectId }: NotificationBody,
  signal: AbortSignal,
): Promise<'started' | 'news' | 'ordinary' | Extract<EffectOutcome, { code: 'again' }>> {
  const { argocd, tracker } = instance
  const answer = await argocd.get(known.ref, {}, signal)
  if (answer.code !== 'ok') {
    return answer.retryable ? { code: 'again', reason: answer.message } : 'ordinary'
  }
  const application = answer.value
  const state = lastOperation(application)
  if (state === undefined) return 'ordinary'
  const run = await tracker.runOf(application, signal)
  if (run.code === 'unclear') return { code: 'again', reason: run.message }
  if (run.code === 'run') {
    const finishedMs = parseRfc3339(state.finishedAt)
    const isRecent = finishedMs !== undefined && clock.nowMs() - finishedMs < SEED_WINDOW_MS
    if (!isRecent) return 'ordinary'
    if (event.data['result'] === 'fail') {
      const { runId } = run
      const key = `argocd-event:${event.id}`
      await door.tellRun(newsOf(event, { key, projectId, runId, application: known.ref.name }))
    }
    return 'news'
  }
  const dedupeKey = operationKey(argocd.instance, application.metadata.uid, state.startedAt)
  const runId = uuidOf(dedupeKey)
  await door.submitTriggered({
    projectId,
    dedupeKey,
    event: triggerOf(event, runId),
    origin: originJson(foreignOrigin(argocd.instance, application, state, 'deployed')),
  })
  await tracker.startedFor(application, runId)
  return 'started'
}

type Candidates =
  | { readonly code: 'found'; readonly applications: readonly Owned[] }
  | { readonly code: 'unclear'; readonly message: string }

/** Applications of every instance that carry the event's project, stage and service. */
async function applicationsOf(
  instances: readonly ObservedInstance[],
  event: KeptnEvent,
  signal: AbortSignal,
): Promise<Candidates> {
  const { project, stage, service } = event.data
  const applications: Owned[] = []
  for (const instance of instances) {
    const listed = await instance.directory.refresh(signal)
    if (listed.code !== 'ok') {
      if (listed.retryable) return { code: 'unclear', message: listed.message }
      continue
    }
    for (const known of listed.value) {
      const { membership } = known
      const isMeant =
        membership.project === project &&
        membership.stage === stage &&
        membership.service === service
      if (isMeant) applications.push({ instance, known })
    }
  }
  return { code: 'found', applications }
}

/** Bad news in the words of the event. */
function newsOf(
  event: KeptnEvent,
  known: Pick<RunNews, 'key' | 'projectId' | 'runId' | 'application'>,
): RunNews {
  const text = (name: string) => {
    const value = event.data[name]
    return typeof value === 'string' ? value : ''
  }
  return {
    ...known,
    project: text('project'),
    stage: text('stage'),
    service: text('service'),
    instance: '',
    outcome: 'degraded',
    message: text('message') || 'Argo CD says that the application is Degraded',
  }
}

function triggerOf(event: KeptnEvent, id: string): TriggerEvent {
  const { type, source, data } = event
  return { id, type, source, shkeptncontext: event.shkeptncontext ?? id, data }
}
