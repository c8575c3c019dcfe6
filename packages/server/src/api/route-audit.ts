import { DEFAULT_SECRET_SCOPE } from '@tiphys/contract/http/keptn-secret.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { AuditSubject } from '../audit/audit-trail.ts'
import {
  type AuditedRequest,
  type AuditLine,
  kept,
  MOST_NAMES,
  text,
  texts,
} from './audited-request.ts'
import { contextId } from './context-id.ts'
import { eventLines } from './event-audit.ts'
import { resourceUriOfPath } from './keptn-v1/resource-uri.ts'

/** `lines`: what a request comes to. `unaudited`: why it leaves no entry when it succeeds. Refusals leave one always. */
export type AuditRule =
  | { readonly lines: (request: AuditedRequest) => readonly AuditLine[] }
  | { readonly unaudited: string }

const ITS_EVENT: AuditRule = { unaudited: 'the event that it makes carries who sent it' }
const SENT: AuditRule = { lines: eventLines }

/**
 * What every route that changes something leaves in the audit log (docs/audit.md): the only place that says so. A test fails for a route
 * that is missing here. Values of secrets and contents of files are never looked at.
 */
export const ROUTE_AUDIT: Readonly<Record<string, AuditRule>> = {
  'POST /api/v1/auth': { unaudited: 'it changes nothing' },
  'POST /api/tiphys/v1/lint': { unaudited: 'it changes nothing' },
  'POST /api/tiphys/v1/evaluations/:triggeredId/what-if': { unaudited: 'it changes nothing' },

  'POST /api/v1/event': SENT,
  'POST /api/controlPlane/v1/event': SENT,
  'POST /api/tiphys/v1/events': SENT,
  'POST /api/controlPlane/v1/project/:project/stage/:stage/service/:service/evaluation': ITS_EVENT,
  'POST /api/tiphys/v1/tasks/:triggeredId/result': ITS_EVENT,
  'POST /api/tiphys/v1/tasks/results': ITS_EVENT,
  'POST /api/tiphys/v1/test-results': ITS_EVENT,
  'POST /api/tiphys/v1/approvals/:triggeredId': one(
    'approval.decide',
    ({ params, body, answer }) => ({
      on: { name: text(params, 'triggeredId'), context: text(answer, 'keptnContext') },
      person: text(body, 'person'),
      details: kept({ decision: text(body, 'decision') }),
    }),
  ),

  'POST /api/tiphys/v1/providers/try': one('provider.try', ({ body, answer }) => ({
    on: {
      project: text(body, 'project'),
      stage: text(body, 'stage'),
      service: text(body, 'service'),
      name: text(answer, 'provider'),
    },
    details: kept({ indicator: text(answer, 'indicator'), query: text(body, 'query') }),
  })),

  'POST /api/controlPlane/v1/project': one('project.create', ({ body }) => ({
    on: { project: text(body, 'name') },
  })),
  'PUT /api/controlPlane/v1/project': one('project.update', ({ body }) => ({
    on: { project: text(body, 'name') },
  })),
  'DELETE /api/controlPlane/v1/project/:project': one('project.delete', place),
  'POST /api/controlPlane/v1/project/:project/service': one(
    'service.create',
    ({ params, body }) => ({
      on: { project: text(params, 'project'), service: text(body, 'serviceName') },
    }),
  ),
  'DELETE /api/controlPlane/v1/project/:project/service/:service': one('service.delete', place),

  ...resourceAudit('/api/resource-service/v1/project/:project'),
  ...resourceAudit('/api/resource-service/v1/project/:project/stage/:stage'),
  ...resourceAudit('/api/resource-service/v1/project/:project/stage/:stage/service/:service'),

  'POST /api/controlPlane/v1/sequence/:project/:context/control': control('state'),
  'POST /api/tiphys/v1/contexts/:context/control': control('action'),

  ...evaluationAudit('/api/tiphys/v1/evaluations/:triggeredId'),

  'POST /api/tiphys/v1/runs/:id/rerun': one('run.retry', ({ params, body, answer }) => ({
    on: { name: text(params, 'id'), context: text(answer, 'context') },
    details: kept({ from: text(body, 'from'), newRun: text(answer, 'runId') }),
  })),
  'POST /api/tiphys/v1/contexts/:context/override-freeze': one('freeze.override', (request) => ({
    on: {
      project: text(request.query, 'project'),
      stage: text(request.body, 'stage'),
      context: contextId(text(request.params, 'context') ?? ''),
    },
    details: kept({ reason: text(request.body, 'reason') }),
  })),

  'POST /api/secrets/v1/secret': one('secret.create', secret),
  'PUT /api/secrets/v1/secret': one('secret.update', secret),
  'DELETE /api/secrets/v1/secret': one('secret.delete', ({ query }) => ({
    on: { name: text(query, 'name') },
    details: kept({ scope: text(query, 'scope') }),
  })),
  'POST /api/tiphys/v1/tokens': one('token.create', ({ body }) => ({
    on: { name: text(body, 'name') },
    details: { scopes: texts(body, 'scopes'), projects: texts(body, 'projects') },
  })),
  'DELETE /api/tiphys/v1/tokens/:name': one('token.delete', ({ params }) => ({
    on: { name: text(params, 'name') },
  })),

  ...integrationAudit('/api/controlPlane/v1/uniform/registration'),
  'POST /api/controlPlane/v1/log': { unaudited: 'a log of its own' },
  'DELETE /api/controlPlane/v1/log': one('integration-log.delete', ({ query }) => ({
    on: { name: text(query, 'integrationId') },
  })),
  'POST /api/tiphys/v1/backup': one('backup.create', ({ query }) => ({
    details: kept({ includeSecretKey: text(query, 'includeSecretKey') }),
  })),
  'DELETE /api/tiphys/v1/contexts/:context': one('context.delete', ({ params, query, answer }) => ({
    on: {
      context: text(params, 'context'),
      project: text(answer, 'project') ?? text(query, 'project'),
    },
  })),
}

type Rest = {
  readonly on?: { readonly [Key in keyof AuditSubject]?: string | undefined }
  readonly person?: string | undefined
  readonly details?: JsonObject
}

function one(action: string, rest: (request: AuditedRequest) => Rest): AuditRule {
  return {
    lines: (request) => {
      const { on, ...others } = rest(request)
      return [{ action, ...others, ...(on === undefined ? {} : { on: kept(on) }) }]
    },
  }
}

function resourceAudit(where: string): Record<string, AuditRule> {
  const several = one('resource.write', ({ params, body }) => ({
    on: { ...place({ params }).on, name: resourceNames(body) },
  }))
  const single = (request: AuditedRequest) => {
    const uri = resourceUriOfPath(request.url)
    return { on: { ...place(request).on, name: uri.ok ? uri.uri : undefined } }
  }
  return {
    [`POST ${where}/resource`]: several,
    [`PUT ${where}/resource`]: several,
    [`PUT ${where}/resource/*`]: one('resource.write', single),
    [`DELETE ${where}/resource/*`]: one('resource.delete', single),
  }
}

function integrationAudit(registration: string): Record<string, AuditRule> {
  const integration = `${registration}/:integration`
  const rest = ({ params, body, answer }: AuditedRequest): Rest => ({
    on: { name: text(params, 'integration') ?? text(answer, 'id') ?? text(body, 'name') },
    details: kept({
      integration: text(body, 'name'),
      subscription: text(params, 'subscription'),
      event: text(body, 'event'),
    }),
  })
  return {
    [`POST ${registration}`]: one('integration.register', rest),
    [`PUT ${integration}/ping`]: { unaudited: 'a sign of life' },
    [`DELETE ${integration}`]: one('integration.unregister', rest),
    [`POST ${integration}/subscription`]: one('subscription.create', rest),
    [`PUT ${integration}/subscription/:subscription`]: one('subscription.update', rest),
    [`DELETE ${integration}/subscription/:subscription`]: one('subscription.delete', rest),
  }
}

/** What is so already is no entry. */
function evaluationAudit(evaluation: string): Record<string, AuditRule> {
  const corrected = (action: string): AuditRule => ({
    lines: ({ params, query, body, answer, isRepeat }) => {
      if (isRepeat) return []
      const said = body ?? query
      const [project, stage, service, context] = ['project', 'stage', 'service', 'context'].map(
        (name) => text(answer, name),
      )
      const name = text(params, 'triggeredId')
      return [
        {
          action,
          on: kept({ project, stage, service, context, name }),
          person: text(said, 'person'),
          details: kept({ reason: text(said, 'reason') }),
        },
      ]
    },
  })
  return {
    [`POST ${evaluation}/invalidation`]: corrected('evaluation.invalidate'),
    [`DELETE ${evaluation}/invalidation`]: corrected('evaluation.restore'),
    [`POST ${evaluation}/pin`]: corrected('evaluation.pin'),
    [`DELETE ${evaluation}/pin`]: corrected('evaluation.unpin'),
  }
}

/** `run.pause`, `run.resume`, `run.abort`: the body says which. */
function control(field: string): AuditRule {
  return {
    lines: ({ params, query, body }) => [
      {
        action: `run.${text(body, field) ?? 'control'}`,
        on: kept({
          project: text(params, 'project') ?? text(query, 'project'),
          stage: text(body, 'stage'),
          context: contextId(text(params, 'context') ?? ''),
        }),
      },
    ],
  }
}

function place({ params }: Pick<AuditedRequest, 'params'>) {
  const [project, stage, service] = ['project', 'stage', 'service'].map((name) =>
    text(params, name),
  )
  return { on: { project, stage, service } }
}

function secret({ body }: AuditedRequest): Rest {
  return {
    on: { name: text(body, 'name') },
    details: { scope: text(body, 'scope') ?? DEFAULT_SECRET_SCOPE },
  }
}

function resourceNames(body: unknown): string | undefined {
  const { resources } = (body ?? {}) as { resources?: unknown }
  if (!Array.isArray(resources)) return undefined
  if (resources.length > MOST_NAMES) return `${resources.length} resources`
  return resources.flatMap((resource) => text(resource, 'resourceURI') ?? []).join(', ')
}
