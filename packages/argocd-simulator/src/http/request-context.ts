import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import type { Activity } from '../activity.ts'
import type { Application } from '../application/application.ts'
import type { ApplicationStore } from '../application/application-store.ts'
import type { Applications, RunningApplication } from '../application/applications.ts'
import type { EventLog } from '../controller/event-log.ts'
import type { Projects } from '../controller/projects.ts'
import type { Counts } from '../counts.ts'
import type { Repositories } from '../git/repositories.ts'
import type { Random } from '../random.ts'
import type { DesiredStates } from '../render/desired-state.ts'
import type { Timing } from '../timing.ts'
import type { Traps } from '../traps.ts'
import { GrpcCode, type Refusal, refusal } from './grpc-error.ts'
import type { Caller, RbacAction, Tokens } from './tokens.ts'

/** Everything the API works with. */
export type ApiServices = {
  readonly store: ApplicationStore
  readonly applications: Applications
  readonly projects: Projects
  readonly events: EventLog
  readonly repositories: Repositories
  readonly desiredStates: DesiredStates
  readonly counts: Counts
  readonly activity: Activity
  readonly timing: Timing
  readonly traps: Traps
  readonly random: Random
  readonly tokens: Tokens
  readonly closing: AbortSignal
}

export type RequestContext = {
  readonly services: ApiServices
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly parameters: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Parsed JSON; `{}` when there was no body. */
  readonly body: unknown
  readonly caller: Caller
}

/** `streamed`: the handler wrote the answer itself. */
export type Reply = { body: unknown } | { refusal: Refusal } | 'streamed'

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `{name}` for a segment. */
  readonly path: string
  /** Answers without a valid token as well. */
  readonly isPublic?: boolean
  handle(context: RequestContext): Reply | Promise<Reply>
}

/** Reads the body. Fails as Go's JSON decoder does: types must fit, unknown fields are ignored. */
export function parseBody<Schema extends z.ZodType>(
  context: RequestContext,
  schema: Schema,
): { data: z.output<Schema> } | { refusal: Refusal } {
  const parsed = schema.safeParse(context.body)
  if (parsed.success) return { data: parsed.data }
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  return refusal(
    GrpcCode.invalidArgument,
    `json: cannot unmarshal field ${field} of the request body: ${issue?.message ?? 'invalid'}`,
  )
}

export type Found = { key: string; application: Application; running: RunningApplication }

/** The one project of a query, which may be given as `project` or as `projects`. */
export function queriedProject(query: URLSearchParams): { project: string } | { refusal: Refusal } {
  const projects = [...query.getAll('projects'), ...query.getAll('project')].filter(Boolean)
  if (new Set(projects).size > 1) {
    return refusal(
      GrpcCode.invalidArgument,
      'multiple projects specified - the get endpoint accepts either zero or one project',
    )
  }
  return { project: projects[0] ?? '' }
}

/**
 * Looks an application up for somebody who wants to do `action` with it. Argo CD does not tell whether an
 * application exists unless the caller names a project in which they may look: 403 without, 404 with it.
 */
export function findApplication(
  context: RequestContext,
  wanted: { name: string; project: string; appNamespace: string },
  action: RbacAction = 'get',
): Found | { refusal: Refusal } {
  const { caller, services } = context
  const { name, project, appNamespace } = wanted
  const denied = refusal(GrpcCode.permissionDenied, 'permission denied')
  const missing = refusal(GrpcCode.notFound, `applications.argoproj.io "${name}" not found`)
  if (project !== '' && !caller.may('get', project)) return denied
  const key = `${appNamespace === '' ? 'argocd' : appNamespace}/${name}`
  const application = services.store.get(key)
  const running = services.applications.get(key)
  const hidden = project === '' && services.traps.hideMissing ? denied : missing
  if (application === undefined || running === undefined) return hidden
  const actualProject = application.spec.project
  if (!caller.may('get', actualProject)) return hidden
  if (project !== '' && project !== actualProject) return missing
  if (!caller.may(action, actualProject)) {
    return refusal(
      GrpcCode.permissionDenied,
      `permission denied: applications, ${action}, ${actualProject}/${name}, sub: ${caller.username}`,
    )
  }
  return { key, application, running }
}

/** The application that a GET or DELETE names by path and query. */
export function findQueried(
  context: RequestContext,
  action: RbacAction = 'get',
): Found | { refusal: Refusal } {
  const project = queriedProject(context.query)
  if ('refusal' in project) return project
  const name = context.parameters['name'] ?? ''
  const appNamespace = context.query.get('appNamespace') ?? ''
  return findApplication(context, { name, appNamespace, ...project }, action)
}
