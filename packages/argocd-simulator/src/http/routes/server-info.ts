import { z } from 'zod'
import { sourcesOf } from '../../application/application.ts'
import { GrpcCode, refusal } from '../grpc-error.ts'
import { parseBody, type Reply, type RequestContext, type Route } from '../request-context.ts'

/** The release whose behaviour and API description this follows. */
const VERSION = 'v3.5.1'

export const ANONYMOUS = ''

export const serverInfoRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/version', isPublic: true, handle: version },
  { method: 'POST', path: '/api/v1/session', isPublic: true, handle: login },
  { method: 'GET', path: '/api/v1/session/userinfo', isPublic: true, handle: userInfo },
  { method: 'GET', path: '/api/v1/projects/{name}', handle: project },
  { method: 'GET', path: '/api/v1/projects/{name}/syncwindows', handle: projectWindows },
  { method: 'POST', path: '/api/webhook', isPublic: true, handle: gitWebhook },
]

/** Strangers learn the version and nothing else. */
function version(context: RequestContext): Reply {
  if (context.caller.username === ANONYMOUS) return { body: { Version: VERSION } }
  return {
    body: {
      Version: VERSION,
      BuildDate: '2026-11-01T00:00:00Z',
      GitCommit: 'simulated',
      GitTreeState: 'clean',
      GoVersion: 'none',
      Compiler: 'none',
      Platform: 'tiphys-argocd-simulator',
      KustomizeVersion: 'simulated',
      HelmVersion: 'simulated',
      KubectlVersion: 'simulated',
      JsonnetVersion: 'simulated',
    },
  }
}

const loginSchema = z.object({
  username: z.string().default(''),
  password: z.string().default(''),
})

function login(context: RequestContext): Reply {
  const parsed = parseBody(context, loginSchema)
  if ('refusal' in parsed) return parsed
  const { username, password } = parsed.data
  const token = context.services.tokens.login(username, password)
  return token === undefined
    ? refusal(GrpcCode.unauthenticated, 'Invalid username or password')
    : { body: { token } }
}

/** Never refuses: a wrong token is simply nobody. That makes it the check of a credential. */
function userInfo(context: RequestContext): Reply {
  const { username } = context.caller
  if (username === ANONYMOUS) return { body: { loggedIn: false } }
  return { body: { loggedIn: true, username, iss: 'argocd', groups: [] } }
}

function project(context: RequestContext): Reply {
  const name = context.parameters['name'] ?? ''
  if (!context.caller.may('get', name)) {
    return refusal(GrpcCode.permissionDenied, 'permission denied')
  }
  const syncWindows = context.services.projects.syncWindows(name)
  return {
    body: {
      metadata: { name, namespace: 'argocd' },
      spec: {
        sourceRepos: ['*'],
        destinations: [{ server: '*', namespace: '*' }],
        ...(syncWindows.length === 0 ? {} : { syncWindows }),
      },
      status: {},
    },
  }
}

function projectWindows(context: RequestContext): Reply {
  const name = context.parameters['name'] ?? ''
  if (!context.caller.may('get', name)) {
    return refusal(GrpcCode.permissionDenied, 'permission denied')
  }
  return { body: { windows: context.services.projects.syncWindows(name) } }
}

const pushSchema = z.object({
  repository: z.object({
    html_url: z.string().optional(),
    clone_url: z.string().optional(),
    ssh_url: z.string().optional(),
  }),
})

/** A push event in GitHub's form: applications of that repository are compared at once. */
function gitWebhook(context: RequestContext): Reply {
  const parsed = parseBody(context, pushSchema)
  if ('refusal' in parsed) return parsed
  const urls = Object.values(parsed.data.repository)
  const { store, applications } = context.services
  for (const application of store.list()) {
    const isNamed = sourcesOf(application.spec).some(({ repoURL }) => urls.includes(repoURL))
    const { namespace, name } = application.metadata
    if (isNamed) applications.get(`${namespace}/${name}`)?.controller.refresh('force')
  }
  return { body: {} }
}
