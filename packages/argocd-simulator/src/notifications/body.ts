import type { Application } from '../application/application.ts'
import type { Webhook } from './settings.ts'

const PROJECT_LABELS = ['tiphys.dev/project', 'keptnProject']
const SERVICE_LABELS = ['tiphys.dev/service', 'keptnService']
const STAGE_LABELS = ['tiphys.dev/stage', 'stage']
const DEFAULT_SEQUENCE = 'verify'

/** What the webhook of this form posts about an application, as a JSON value. */
export function notificationBody(
  form: Webhook['form'],
  application: Application,
  argocdUrl: string,
): Record<string, unknown> {
  return form === 'seed' ? seedBody(application) : tiphysBody(application, argocdUrl)
}

/** The event of Keptn's documentation: it names no application, no operation and no id. */
function seedBody(application: Application): Record<string, unknown> {
  const { project, service, stage } = placeOf(application)
  return {
    type: eventType(application, stage),
    source: 'argocd',
    specversion: '1.0',
    data: {
      project,
      service,
      stage,
      labels: { argocdApp: application.metadata.name },
      deployment: { deploymentURIsPublic: publicUris(application) },
    },
  }
}

/** The same JSON that the template `tiphys-event` renders. */
function tiphysBody(application: Application, argocdUrl: string): Record<string, unknown> {
  const { metadata, status } = application
  const state = status.operationState
  const { project, service, stage } = placeOf(application)
  const outcome = outcomeOf(application)
  const revision = state?.syncResult?.revision ?? ''
  const revisions = state?.syncResult?.revisions ?? []
  const context = state?.operation.info?.find(({ name }) => name === 'shkeptncontext')?.value
  return {
    specversion: '1.0',
    id: `argocd:${metadata.uid}:${state?.startedAt ?? 'none'}:${outcome}`,
    source: `${argocdUrl}/applications/${metadata.namespace}/${metadata.name}`,
    type: eventType(application, stage),
    time: state?.finishedAt ?? state?.startedAt ?? null,
    datacontenttype: 'application/json',
    shkeptnspecversion: '0.2.4',
    ...(context === undefined ? {} : { shkeptncontext: context }),
    data: {
      project,
      service,
      stage,
      result: outcome === 'deployed' ? 'pass' : 'fail',
      message: state?.message ?? '',
      labels: {
        argocdApp: `${metadata.namespace}/${metadata.name}`,
        argocdOutcome: outcome,
        revision: revision === '' ? revisions.join(',') : revision,
        syncStartedAt: state?.startedAt ?? '',
        historyId: String(status.history?.at(-1)?.id ?? ''),
      },
      deployment: {
        deploymentNames: [metadata.name],
        deploymentURIsPublic: publicUris(application),
        gitCommit: revision,
      },
      argocd: {
        images: status.summary.images ?? [],
        revisions,
        phase: state?.phase ?? '',
        health: status.health.status ?? 'Unknown',
        sync: status.sync.status === '' ? 'Unknown' : status.sync.status,
        initiatedBy: state?.operation.initiatedBy ?? {},
      },
    },
  }
}

function placeOf(application: Application): { project: string; service: string; stage: string } {
  const labels = application.metadata.labels ?? {}
  const first = (names: readonly string[]) =>
    names.map((name) => labels[name]).find((value) => value !== undefined) ?? ''
  return {
    project: first(PROJECT_LABELS),
    service: first(SERVICE_LABELS),
    stage: first(STAGE_LABELS),
  }
}

function eventType(application: Application, stage: string): string {
  const named = application.metadata.annotations?.['tiphys.dev/sequence'] ?? ''
  return `sh.keptn.event.${stage}.${named === '' ? DEFAULT_SEQUENCE : named}.triggered`
}

function publicUris(application: Application): string[] {
  const annotations = application.metadata.annotations ?? {}
  const uri = annotations['tiphys.dev/uri'] ?? annotations['externalURI']
  return uri === undefined || uri === '' ? (application.status.summary.externalURLs ?? []) : [uri]
}

function outcomeOf({ status }: Application): 'sync-failed' | 'degraded' | 'deployed' {
  const phase = status.operationState?.phase
  if (phase === 'Failed' || phase === 'Error') return 'sync-failed'
  return status.health.status === 'Degraded' ? 'degraded' : 'deployed'
}
