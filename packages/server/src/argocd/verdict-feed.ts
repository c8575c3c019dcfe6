import { CONTENT_TYPE, FACT_PREFIX, SPEC_VERSION } from '@tiphys/contract/event.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { uuidOf } from '@tiphys/core/event-id.ts'
import type { Engine } from '../engine/engine.ts'
import type { ProjectSnapshot } from '../engine/project-snapshot.ts'
import { TIPHYS } from '../intake/actor.ts'
import type { Clock } from '../ports/clock.ts'
import type { Documents } from '../ports/documents.ts'
import type { Log } from '../ports/log.ts'
import type { Projections } from '../ports/projections.ts'
import type { NewEffect, Store, StoredEvent } from '../ports/store.ts'
import { LostCopyError } from '../ports/upstreams.ts'
import type { DeploymentDocument, Deployments } from '../projections/deployments.ts'
import { baselineEvaluations } from '../projections/evaluation-history.ts'
import { runKeyOf, runMetaOf } from '../projections/project-of-row.ts'
import { annotateEffect } from './annotate.ts'

/**
 * Follows the log and has the verdict of each run that evaluated something written onto the applications it judged, in projects and
 * stages that say `annotate: true`. Where it stands is kept, so a restart neither repeats nor forgets a verdict.
 */
export type VerdictFeed = { close(): Promise<void> }

export type VerdictFeedParts = {
  readonly store: Pick<Store, 'tail' | 'headPosition'>
  readonly documents: Documents
  readonly projections: Projections
  readonly deployments: Deployments
  readonly engine: Pick<Engine, 'submit'>
  readonly projects: {
    byId(projectId: string): object | undefined
    snapshot(projectId: string): Promise<ProjectSnapshot>
  }
  readonly clock: Clock
  readonly log: Log
  /** Where people reach Tiphys; without it no link is written. */
  readonly publicUrl?: string
}

const CURSOR_KIND = 'argocd-verdict-feed'
const CURSOR_KEY = 'cursor'
const RETRY_MS = 5_000
const KEY_RETENTION_MS = 30 * 24 * 60 * 60 * 1_000
/** Evaluations of a service that are looked through for those of one run. */
const RECENT_EVALUATIONS = 50

export const VERDICT_ANNOTATION = 'tiphys.dev/verdict'
export const VERDICT_REVISION_ANNOTATION = 'tiphys.dev/verdict-revision'
export const VERDICT_CONTEXT_ANNOTATION = 'tiphys.dev/verdict-context'
export const VERDICT_LINK_ANNOTATION = 'link.argocd.argoproj.io/tiphys-verdict'

export function startVerdictFeed(parts: VerdictFeedParts): VerdictFeed {
  const stop = new AbortController()
  const running = follow(parts, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) parts.log.error({ error }, 'verdicts are no longer written')
  })
  return {
    async close() {
      stop.abort(new Error('the verdict feed stops'))
      await running
    },
  }
}

async function follow(parts: VerdictFeedParts, signal: AbortSignal): Promise<void> {
  const { store, documents, clock, log } = parts
  let position = await startingPoint(parts)
  while (!signal.aborted) {
    try {
      for await (const rows of store.tail(position, signal)) {
        for (const row of rows) await announce(parts, row)
        position = rows.at(-1)?.position ?? position
        await documents.put(CURSOR_KIND, CURSOR_KEY, { position })
      }
    } catch (error) {
      if (signal.aborted) return
      log.error({ error }, 'verdicts could not be followed, trying again')
      await clock.sleep(RETRY_MS, signal).catch(() => undefined)
    }
  }
}

/** What was judged before the feed existed is not written any more. */
async function startingPoint({ store, documents }: VerdictFeedParts): Promise<number> {
  const cursor = (await documents.get(CURSOR_KIND, CURSOR_KEY))?.['position']
  if (typeof cursor === 'number') return cursor
  const position = await store.headPosition()
  await documents.put(CURSOR_KIND, CURSOR_KEY, { position })
  return position
}

async function announce(parts: VerdictFeedParts, row: StoredEvent): Promise<void> {
  const meta = runMetaOf(row)
  const { projectId, event } = row
  const { project, stage, service } = event.data
  if (meta?.k !== 'end' || projectId === undefined) return
  if (typeof project !== 'string' || typeof stage !== 'string' || typeof service !== 'string')
    return
  // Deleted meanwhile: nobody waits for its verdicts.
  if (parts.projects.byId(projectId) === undefined) return
  const snapshot = await configurationOf(parts, projectId)
  if (snapshot === undefined) return
  const isWanted = snapshot.stageSettings(stage).annotate ?? snapshot.settings.annotate ?? false
  if (!isWanted) return
  const place = { projectId, stage, service, context: event.shkeptncontext ?? '' }
  const runId = runKeyOf(row).slice(projectId.length + 1)
  const evaluations = await baselineEvaluations(parts.projections, {
    ...place,
    limit: RECENT_EVALUATIONS,
  })
  const verdict = evaluations.find((one) => one.runId === runId)?.result
  if (verdict === undefined) return
  const effects = (await judged(parts, place)).map((deployment) =>
    effectOf(parts, deployment, { project, runId, verdict, position: row.position }),
  )
  if (effects.length > 0) await submit(parts, row, runId, effects)
}

/** Nobody knows whether a project wants verdicts whose configuration is lost for now, and the others must not wait for it. */
async function configurationOf(
  { projects, log }: VerdictFeedParts,
  projectId: string,
): Promise<ProjectSnapshot | undefined> {
  try {
    return await projects.snapshot(projectId)
  } catch (error) {
    if (!(error instanceof LostCopyError)) throw error
    log.warn({ projectId, message: error.message }, 'a verdict is not written to Argo CD')
    return undefined
  }
}

/** The newest deployment of each application in this context and stage. */
async function judged(
  { deployments }: VerdictFeedParts,
  place: Parameters<Deployments['ofContext']>[0],
): Promise<readonly DeploymentDocument[]> {
  const documents = [...(await deployments.ofContext(place))].sort(
    (left, right) => left.position - right.position,
  )
  return [...new Map(documents.map((one) => [`${one.instance}/${one.uid}`, one])).values()]
}

function effectOf(
  { publicUrl }: VerdictFeedParts,
  deployment: DeploymentDocument,
  known: {
    readonly project: string
    readonly runId: string
    readonly verdict: string
    readonly position: number
  },
): NewEffect {
  const { instance, uid, application, stage, context, projectId } = deployment
  const isOurs = deployment.by === 'tiphys'
  const namespace = isOurs ? deployment.record.namespace : deployment.origin.namespace
  const argocdProject = isOurs ? deployment.record.argocdProject : deployment.origin.argocdProject
  const revisions = isOurs
    ? (deployment.record.after?.revisions ?? [])
    : deployment.origin.revisions
  const path = `/bridge/project/${known.project}/sequence/${context}/stage/${stage}`
  const annotations = {
    [VERDICT_ANNOTATION]: known.verdict,
    [VERDICT_REVISION_ANNOTATION]: revisions.join(','),
    [VERDICT_CONTEXT_ANNOTATION]: context,
    ...(publicUrl === undefined ? {} : { [VERDICT_LINK_ANNOTATION]: `${publicUrl}${path}` }),
  }
  return annotateEffect(
    `${known.runId}:${instance}/${uid}`,
    {
      instance,
      application: {
        name: application,
        project: argocdProject,
        ...(namespace === undefined ? {} : { namespace }),
      },
      uid,
      project: known.project,
      stage,
      annotations,
    },
    projectId,
  )
}

/** The effects are written with a fact of their own, once per run. */
async function submit(
  { engine, clock }: VerdictFeedParts,
  row: StoredEvent,
  runId: string,
  effects: readonly NewEffect[],
): Promise<void> {
  const { projectId, event } = row
  const { project, stage, service, result } = event.data
  const nowMs = clock.nowMs()
  const key = `argocd-verdict:${projectId}:${runId}`
  await engine.submit({
    event: {
      id: uuidOf(key),
      type: `${FACT_PREFIX}argocd.verdict-announced`,
      source: 'tiphys',
      specversion: SPEC_VERSION,
      time: formatTimestamp(nowMs),
      contenttype: CONTENT_TYPE,
      ...(event.shkeptncontext === undefined ? {} : { shkeptncontext: event.shkeptncontext }),
      data: {
        project: project ?? '',
        stage: stage ?? '',
        service: service ?? '',
        result: result ?? '',
        runId,
      },
    },
    ...(projectId === undefined ? {} : { projectId }),
    actor: TIPHYS,
    inboxOnly: true,
    effects,
    dedupeKeys: [{ key, value: event.shkeptncontext ?? '', untilMs: nowMs + KEY_RETENTION_MS }],
  })
}
