import type { Application } from '@tiphys/contract/argocd-application.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { isAuthorized } from '@tiphys/core/deployment/kubernetes-names.ts'
import { mergePatchBetween } from '@tiphys/core/deployment/merge-patch.ts'
import type { EffectHandler, EffectOutcome } from '../engine/outbox.ts'
import type { ApplicationRef, ArgoCd, ArgoCdFailure, ArgoCdInstances } from '../ports/argocd.ts'
import type { Log } from '../ports/log.ts'
import type { NewEffect } from '../ports/store.ts'

/** The kind of the outbox rows that write a verdict onto an application. */
export const ARGOCD_ANNOTATE = 'argocd.annotate'

export type Annotation = {
  readonly instance: string
  readonly application: ApplicationRef
  /** An application that was made anew under the name is another one. */
  readonly uid: string
  readonly project: string
  readonly stage: string
  readonly annotations: Readonly<Record<string, string>>
}

/** One effect per verdict: the key says of what. */
export function annotateEffect(key: string, annotation: Annotation, projectId: string): NewEffect {
  return {
    key: `${ARGOCD_ANNOTATE}:${key}`,
    kind: ARGOCD_ANNOTATE,
    body: annotation as unknown as JsonObject,
    dueMs: 0,
    projectId,
  }
}

const DONE: EffectOutcome = { code: 'done' }
/** A verdict that could not be written for about an hour is written no more. */
const MAX_TRIES = 60

/**
 * Writes a verdict onto its application (behaviour.md 6): once, and not again when it stands there already. Argo CD writes back the
 * whole spec with a patch, from a copy that may be old; so the application is read before and after, and what somebody else changed
 * in between is restored, once.
 */
export function createAnnotator(parts: {
  readonly argocd: ArgoCdInstances
  readonly log: Log
}): EffectHandler {
  return async (effect, signal) => {
    const annotation = effect.body as unknown as Annotation
    const argocd = parts.argocd.get(annotation.instance)
    if (argocd === undefined) return DONE
    const outcome = await annotate({ argocd, log: parts.log, annotation, signal })
    return outcome.code === 'again' && effect.attempts >= MAX_TRIES ? DONE : outcome
  }
}

type Annotating = {
  readonly argocd: ArgoCd
  readonly log: Log
  readonly annotation: Annotation
  readonly signal: AbortSignal
}

async function annotate(annotating: Annotating): Promise<EffectOutcome> {
  const { argocd, log, annotation, signal } = annotating
  const { application: ref, annotations, project, stage, uid } = annotation
  const before = await argocd.get(ref, {}, signal)
  if (before.code !== 'ok') return afterFailure(annotating, before)
  const { metadata } = before.value
  if (metadata.uid !== uid) return DONE
  const stands = Object.entries(annotations).every(
    ([name, value]) => metadata.annotations?.[name] === value,
  )
  if (stands) return DONE
  if (!isAuthorized(metadata, project, stage)) {
    const message = `the verdict is not written onto ${ref.name}: it does not allow ${project}:${stage}`
    log.info({ instance: argocd.instance, application: ref.name, project, stage }, message)
    return DONE
  }
  const written = await argocd.patch(ref, { metadata: { annotations } }, signal)
  if (written.code !== 'ok') return afterFailure(annotating, written)
  const after = await argocd.get(ref, {}, signal)
  if (after.code === 'ok') await restoreOthers(annotating, before.value, after.value)
  return DONE
}

/** What our write took back of somebody else's is put where it was, once. */
async function restoreOthers(
  { argocd, log, annotation, signal }: Annotating,
  before: Application,
  after: Application,
): Promise<void> {
  const { application: ref, annotations, project, stage } = annotation
  const ours = Object.keys(annotations)
  const patch = mergePatchBetween(comparable(after, ours), comparable(before, ours))
  if (patch === undefined) return
  const restored = await argocd.patch(ref, patch, signal)
  const how =
    restored.code === 'ok' ? 'and was restored' : `and is not restored: ${restored.message}`
  log.warn(
    { instance: argocd.instance, application: ref.name, project, stage },
    `write raced: application ${ref.name} changed while its verdict was written, ${how}`,
  )
}

/** Argo CD's own marks come and go by themselves. */
const VOLATILE = /^(argocd\.argoproj\.io\/(refresh|hydrate)|notified\.notifications\.argoproj\.io)$/

function comparable({ metadata, spec }: Application, ours: readonly string[]): JsonObject {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([name]) => !ours.includes(name) && !VOLATILE.test(name),
  )
  // Parsed from JSON, so it is JSON; what the schema filled in is dropped on both sides alike.
  return JSON.parse(
    JSON.stringify({ metadata: { annotations: Object.fromEntries(annotations) }, spec }),
  )
}

function afterFailure({ log, annotation }: Annotating, failure: ArgoCdFailure): EffectOutcome {
  if (failure.retryable) return { code: 'again', reason: failure.message }
  const { application, project, stage } = annotation
  log.warn({ application: application.name, project, stage }, failure.message)
  return DONE
}
