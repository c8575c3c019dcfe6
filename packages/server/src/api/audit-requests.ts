import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AuditOutcome, AuditSubject, AuditTrail } from '../audit/audit-trail.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import type { Projects } from '../projects/projects.ts'
import { RefusedError, refuse, type Success } from './answer.ts'
import { type AuditLine, kept, text } from './audited-request.ts'
import { tokenOf } from './authenticate.ts'
import type { RefusalCode } from './http-status.ts'
import type { AuditRule } from './route-audit.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Why it was refused. Set where refusals are sent (answer.ts). */
    refusalCode: RefusalCode | undefined
  }
  interface FastifyContextConfig {
    audit?: AuditRule
  }
}

export type AuditRequestsParts = {
  readonly audit: AuditTrail
  readonly projects: Projects
  readonly store: Pick<Store, 'query'>
  readonly log: Pick<Log, 'error'>
}

/** Called before a request is carried out; what it answers is called after it, and before the client is told. */
export type AuditRequest = (
  request: FastifyRequest,
) => ((answer: Success<unknown>) => Promise<void>) | undefined

const CLIENT_ERROR = 400

/**
 * Writes what requests did into the audit log: what was done before the client is told, what was refused afterwards, because a
 * refusal changed nothing.
 */
export function auditRequests(app: FastifyInstance, parts: AuditRequestsParts): AuditRequest {
  app.decorateRequest('refusalCode', undefined)
  app.addHook('onResponse', (request, reply, done) => {
    if (reply.statusCode >= CLIENT_ERROR) {
      recordRefusal(parts, request, reply).catch((error: unknown) => {
        parts.log.error({ err: error, requestId: request.id }, 'a refusal is not in the audit log')
      })
    }
    done()
  })

  return (request) => {
    const rule = request.routeOptions.config.audit
    if (rule === undefined || 'unaudited' in rule) return undefined
    // A project that is deleted is not found any more afterwards.
    const projectId = idOf(parts, text(request.params, 'project'))
    return async ({ body, headers }) => {
      const isRepeat = headers?.['tiphys-duplicate'] === 'true'
      const done = { ...requestOf(request), body: request.body, answer: body, isRepeat }
      const lines = rule.lines(done)
      try {
        for (const line of lines) await record(parts, request, line, { code: 'ok' }, projectId)
      } catch (error) {
        parts.log.error({ err: error, requestId: request.id }, 'a change is not in the audit log')
        throw new RefusedError(
          refuse('internal', 'this was done, but it could not be written to the audit log'),
        )
      }
    }
  }
}

async function recordRefusal(
  parts: AuditRequestsParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const reason = request.refusalCode ?? `http-${reply.statusCode}`
  for (const line of refusedLines(request, reason)) {
    await record(parts, request, line, { code: 'refused', reason })
  }
}

/** What is wrong with a body may be that a secret stands in the wrong place: it is not looked at then. */
const BODY_IS_SOUND: readonly string[] = [
  'exists',
  'conflict',
  'forbidden',
  'not-found',
  'project-not-found',
  'service-not-found',
  'internal',
]

function refusedLines(request: FastifyRequest, reason: string): readonly AuditLine[] {
  if (request.actor === undefined) {
    if (reason !== 'unauthenticated' && reason !== 'throttled') return []
    const token = tokenOf(request.headers) === undefined ? 'none' : 'unknown'
    return [{ action: 'login', on: { name: patternOf(request) }, details: { token } }]
  }
  const rule = request.routeOptions.config.audit
  const body = BODY_IS_SOUND.includes(reason) ? request.body : undefined
  const lines =
    rule === undefined || 'unaudited' in rule ? [] : rule.lines({ ...requestOf(request), body })
  if (lines.length > 0 || reason !== 'forbidden') return lines
  const { params, query } = requestOf(request)
  const project = text(params, 'project') ?? text(query, 'project')
  return [{ action: 'access', on: kept({ project, name: patternOf(request) }) }]
}

async function record(
  parts: AuditRequestsParts,
  request: FastifyRequest,
  { action, on = {}, person, details }: AuditLine,
  outcome: AuditOutcome,
  projectId = idOf(parts, on.project),
): Promise<void> {
  const subject = { ...on, ...(projectId === undefined ? {} : { projectId }) }
  await parts.audit.record({
    action,
    by: { name: request.actor?.name ?? '', address: request.ip, ...kept({ person }) },
    on: on.project === undefined ? await placed(parts, action, subject) : subject,
    outcome,
    requestId: request.id,
    ...(details === undefined ? {} : { details }),
  })
}

/** Some requests name a context or a task and no project: the log knows where that is. */
async function placed(
  { store }: AuditRequestsParts,
  action: string,
  subject: AuditSubject,
): Promise<AuditSubject> {
  const { context, name } = subject
  const isOfTask = action === 'approval.decide' || action.startsWith('evaluation.')
  const isTask = isOfTask && name !== undefined
  if (!isTask && context === undefined) return subject
  const wanted = isTask ? { eventId: name } : { context: context ?? '' }
  const { events } = await store.query({ ...wanted, keptnOnly: false, offset: 0, limit: 1 })
  const [row] = events
  if (row === undefined) return subject
  const { data, shkeptncontext } = row.event
  const project = text(data, 'project')
  const where = isTask ? { stage: text(data, 'stage'), service: text(data, 'service') } : {}
  return {
    ...kept({ project, projectId: row.projectId, context: shkeptncontext, ...where }),
    ...subject,
  }
}

function idOf({ projects }: AuditRequestsParts, project: string | undefined): string | undefined {
  return project === undefined ? undefined : projects.find(project)?.projectId
}

function requestOf(request: FastifyRequest) {
  return {
    url: request.url,
    params: request.params as Record<string, unknown>,
    query: request.query as Record<string, unknown>,
  }
}

/** Which route it was; a path of nobody's route is the client's own text. */
function patternOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? 'unknown'}`
}
