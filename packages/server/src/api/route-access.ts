import type { Scope } from '../intake/actor.ts'

/** `public`: no token; `any-token`: whoever is known; else one of these scopes (admin has them all). */
export type Access = 'public' | 'any-token' | readonly Scope[]

const READ: Access = ['read']
const CONFIGURE: Access = ['configure']
const ADMIN: Access = ['admin']
const SEND_EVENTS: Access = ['trigger', 'answer', 'approve']
const CONTROL: Access = ['trigger']
const SEE_INTEGRATIONS: Access = ['read', 'answer']
const BE_INTEGRATION: Access = ['answer', 'configure']

/**
 * Who may use which route (behaviour.md 10): the only place that says so. A route that is missing here does not start
 * (route.ts), and a line without a route fails a test.
 */
export const ROUTE_ACCESS: Readonly<Record<string, Access>> = {
  'GET /': 'public',
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /api/openapi.json': 'public',
  // Public with --metrics-public.
  'GET /metrics': READ,

  'POST /api/v1/auth': 'any-token',
  'GET /api/v1/metadata': 'any-token',
  'POST /api/v1/event': SEND_EVENTS,
  'POST /api/controlPlane/v1/event': SEND_EVENTS,
  'GET /api/controlPlane/v1/event/triggered/:type': ['read', 'answer'],

  'GET /api/controlPlane/v1/project': READ,
  'POST /api/controlPlane/v1/project': CONFIGURE,
  'PUT /api/controlPlane/v1/project': CONFIGURE,
  'GET /api/controlPlane/v1/project/:project': READ,
  'DELETE /api/controlPlane/v1/project/:project': CONFIGURE,
  'GET /api/controlPlane/v1/project/:project/stage': READ,
  'GET /api/controlPlane/v1/project/:project/stage/:stage': READ,
  'GET /api/controlPlane/v1/project/:project/stage/:stage/service': READ,
  'GET /api/controlPlane/v1/project/:project/stage/:stage/service/:service': READ,
  'POST /api/controlPlane/v1/project/:project/service': CONFIGURE,
  'DELETE /api/controlPlane/v1/project/:project/service/:service': CONFIGURE,
  'POST /api/controlPlane/v1/project/:project/stage/:stage/service/:service/evaluation': [
    'trigger',
  ],

  'GET /api/controlPlane/v1/sequence/:project': READ,
  'POST /api/controlPlane/v1/sequence/:project/:context/control': CONTROL,
  'GET /api/controlPlane/v1/sequence-execution': READ,

  'GET /api/mongodb-datastore/event': READ,
  'GET /api/mongodb-datastore/event/type/:type': READ,

  ...resourceAccess('/api/resource-service/v1/project/:project'),
  ...resourceAccess('/api/resource-service/v1/project/:project/stage/:stage'),
  ...resourceAccess('/api/resource-service/v1/project/:project/stage/:stage/service/:service'),

  'GET /api/secrets/v1/secret': CONFIGURE,
  'POST /api/secrets/v1/secret': CONFIGURE,
  'PUT /api/secrets/v1/secret': CONFIGURE,
  'DELETE /api/secrets/v1/secret': CONFIGURE,
  'GET /api/secrets/v1/scope': CONFIGURE,

  ...integrationAccess('/api/controlPlane/v1/uniform/registration'),
  'GET /api/controlPlane/v1/log': READ,
  'POST /api/controlPlane/v1/log': ['answer'],
  'DELETE /api/controlPlane/v1/log': CONFIGURE,

  'GET /api/tiphys/v1/schemas': 'public',
  'GET /api/tiphys/v1/schemas/:name': 'public',
  'GET /api/tiphys/v1/info': 'any-token',
  'POST /api/tiphys/v1/lint': 'any-token',
  'GET /api/tiphys/v1/contexts/:context': READ,
  'GET /api/tiphys/v1/contexts/:context/why': READ,
  'DELETE /api/tiphys/v1/contexts/:context': CONFIGURE,
  'POST /api/tiphys/v1/contexts/:context/control': CONTROL,
  'POST /api/tiphys/v1/contexts/:context/override-freeze': ['approve'],
  'GET /api/tiphys/v1/contexts/:context/events': READ,
  'GET /api/tiphys/v1/contexts/:context/events/stream': READ,
  'GET /api/tiphys/v1/projects/:project/events': READ,
  'GET /api/tiphys/v1/projects/:project/events/stream': READ,
  'GET /api/tiphys/v1/projects/:project/upstream': READ,
  'POST /api/tiphys/v1/backup': ADMIN,
  'GET /api/tiphys/v1/runs': READ,
  'POST /api/tiphys/v1/runs/:id/rerun': CONTROL,
  'GET /api/tiphys/v1/runs/:id': READ,
  'GET /api/tiphys/v1/runs/:id/artifacts': READ,
  'GET /api/tiphys/v1/runs/:id/artifacts/*': READ,
  'GET /api/tiphys/v1/evaluations': READ,
  'GET /api/tiphys/v1/evaluations/:triggeredId': READ,
  'GET /api/tiphys/v1/evaluations/:triggeredId/report': READ,
  // As the event of Keptn that says the same.
  'POST /api/tiphys/v1/evaluations/:triggeredId/invalidation': CONTROL,
  'DELETE /api/tiphys/v1/evaluations/:triggeredId/invalidation': CONTROL,
  // It stands before what slo.yaml says.
  'POST /api/tiphys/v1/evaluations/:triggeredId/pin': CONFIGURE,
  'DELETE /api/tiphys/v1/evaluations/:triggeredId/pin': CONFIGURE,
  'POST /api/tiphys/v1/evaluations/:triggeredId/what-if': READ,
  'GET /api/tiphys/v1/references': READ,
  'GET /api/tiphys/v1/approvals': ['read', 'approve'],
  'POST /api/tiphys/v1/approvals/:triggeredId': ['approve'],
  'POST /api/tiphys/v1/tasks/:triggeredId/result': ['answer'],
  'GET /api/tiphys/v1/tasks/open': ['read', 'answer'],
  'POST /api/tiphys/v1/tasks/results': ['answer'],
  // As a test service that finishes its task.
  'POST /api/tiphys/v1/test-results': ['answer'],
  'POST /api/tiphys/v1/events': SEND_EVENTS,
  'GET /api/tiphys/v1/integrations': READ,
  'GET /api/tiphys/v1/providers': READ,
  // It sends queries with the operator's credentials, as whoever may write sli.yaml.
  'POST /api/tiphys/v1/providers/try': CONFIGURE,
  'GET /api/tiphys/v1/argocd/instances': READ,
  'GET /api/tiphys/v1/argocd/applications': READ,
  'GET /api/tiphys/v1/audit': ADMIN,
  'GET /api/tiphys/v1/tokens': ADMIN,
  'POST /api/tiphys/v1/tokens': ADMIN,
  'DELETE /api/tiphys/v1/tokens/:name': ADMIN,
}

/** Executors read the files of their task. */
function resourceAccess(place: string): Record<string, Access> {
  return {
    [`GET ${place}/resource`]: ['read', 'answer'],
    [`POST ${place}/resource`]: CONFIGURE,
    [`PUT ${place}/resource`]: CONFIGURE,
    [`GET ${place}/resource/*`]: ['read', 'answer'],
    [`PUT ${place}/resource/*`]: CONFIGURE,
    [`DELETE ${place}/resource/*`]: CONFIGURE,
  }
}

/** Services register themselves; people change what they listen to. */
function integrationAccess(registration: string): Record<string, Access> {
  const one = `${registration}/:integration`
  return {
    [`GET ${registration}`]: SEE_INTEGRATIONS,
    [`POST ${registration}`]: BE_INTEGRATION,
    [`PUT ${one}/ping`]: BE_INTEGRATION,
    [`DELETE ${one}`]: BE_INTEGRATION,
    [`GET ${one}/subscription`]: SEE_INTEGRATIONS,
    [`POST ${one}/subscription`]: BE_INTEGRATION,
    [`GET ${one}/subscription/:subscription`]: SEE_INTEGRATIONS,
    [`PUT ${one}/subscription/:subscription`]: BE_INTEGRATION,
    [`DELETE ${one}/subscription/:subscription`]: BE_INTEGRATION,
  }
}
