import {
  ApplicationList,
  LiveResource,
  ResourceActions,
  ResourceTree,
  RevisionMetadata,
  ServerVersion,
  SyncWindows,
  UserInfo,
} from '@tiphys/contract/argocd-api.ts'
import { Application } from '@tiphys/contract/argocd-application.ts'
import { z } from 'zod'
import type { ApplicationRef, ArgoCd, ArgoCdAnswer, ResourceRef } from '../../ports/argocd.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ArgoCdConnection } from './connection.ts'
import { type Doing, failure } from './failure.ts'
import { createTransport, type Exchange } from './transport.ts'
import { watchApplications } from './watch.ts'

/** Argo CD waits for its controller without any limit of its own. */
const REFRESH_TIMEOUT_MS = 60_000

/** All that the list endpoint can select and a poll needs; uid, revisions and reconciledAt are not among it (facts 1.3). */
const LIST_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  'metadata.creationTimestamp',
  'metadata.deletionTimestamp',
  'spec',
  'status.sync.status',
  'status.health',
  'status.operationState.phase',
  'status.operationState.startedAt',
  'status.operationState.finishedAt',
  'operation.sync',
]
  .map((field) => `items.${field}`)
  .join(',')

/** The REST client of one Argo CD. Holds a connection pool and nothing else. */
export function createArgoCdClient(parts: {
  readonly connection: ArgoCdConnection
  readonly clock: Clock
}): ArgoCd {
  const { connection, clock } = parts
  const transport = createTransport(connection)
  const instance = connection.name

  async function call<T>(
    schema: z.ZodType<T>,
    request: Omit<Exchange, 'doing'> & { readonly what: string },
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<T>> {
    const doing: Doing = { instance, what: request.what }
    const exchange = {
      doing,
      ...(connection.requestTimeoutMs === undefined
        ? {}
        : { timeoutMs: connection.requestTimeoutMs }),
      ...request,
    }
    const answer = await transport.send(exchange, signal)
    return answer.code === 'ok' ? parseAnswer(schema, doing, answer.value) : answer
  }

  return {
    instance,
    list: async (signal) => {
      const what = 'list applications'
      const path = '/api/v1/applications'
      const answer = await call(
        ApplicationList,
        { what, method: 'GET', path, query: { fields: LIST_FIELDS } },
        signal,
      )
      return answer.code === 'ok' ? { code: 'ok', value: answer.value.items ?? [] } : answer
    },
    ...applicationCalls(call, connection.refreshTimeoutMs ?? REFRESH_TIMEOUT_MS),
    ...resourceCalls(call),
    ...liveCalls(call, instance),
    ...accountCalls(call),
    watch: (signal) => watchApplications({ transport, clock, instance }, signal),
  }
}

type Call = <T>(
  schema: z.ZodType<T>,
  request: Omit<Exchange, 'doing'> & { readonly what: string },
  signal?: AbortSignal,
) => Promise<ArgoCdAnswer<T>>

function applicationCalls(
  call: Call,
  refreshTimeoutMs: number,
): Pick<ArgoCd, 'get' | 'sync' | 'terminate' | 'rollback' | 'patch'> {
  return {
    get: (application, options, signal) =>
      call(
        Application,
        {
          what: `${options?.refresh ? 'refresh' : 'read'} application ${nameOf(application)}`,
          method: 'GET',
          path: pathOf(application),
          query: { ...queryOf(application), refresh: options?.refresh },
          ...(options?.refresh ? { timeoutMs: refreshTimeoutMs } : {}),
        },
        signal,
      ),
    sync: (application, request, signal) =>
      call(
        Application,
        {
          what: `sync application ${nameOf(application)}`,
          method: 'POST',
          path: `${pathOf(application)}/sync`,
          body: {
            ...bodyOf(application),
            infos: request.infos,
            prune: request.prune ?? false,
            ...(request.revision === undefined ? {} : { revision: request.revision }),
          },
        },
        signal,
      ),
    terminate: async (application, signal) =>
      emptied(
        await call(
          z.unknown(),
          {
            what: `terminate the operation of application ${nameOf(application)}`,
            method: 'DELETE',
            path: `${pathOf(application)}/operation`,
            query: queryOf(application),
          },
          signal,
        ),
      ),
    rollback: (application, request, signal) =>
      call(
        Application,
        {
          what: `roll back application ${nameOf(application)}`,
          method: 'POST',
          path: `${pathOf(application)}/rollback`,
          body: { ...bodyOf(application), id: request.historyId, prune: request.prune ?? false },
        },
        signal,
      ),
    patch: (application, patch, signal) =>
      call(
        Application,
        {
          what: `change application ${nameOf(application)}`,
          method: 'PATCH',
          path: pathOf(application),
          // A JSON *string* inside the body.
          body: { ...bodyOf(application), patch: JSON.stringify(patch), patchType: 'merge' },
        },
        signal,
      ),
  }
}

function resourceCalls(
  call: Call,
): Pick<ArgoCd, 'listActions' | 'runAction' | 'syncWindows' | 'revisionMetadata'> {
  return {
    listActions: async (application, resource, signal) => {
      const answer = await call(
        ResourceActions,
        {
          what: `list actions on ${resource.kind} ${resource.name} of ${nameOf(application)}`,
          method: 'GET',
          path: `${pathOf(application)}/resource/actions`,
          query: { ...queryOf(application), ...fieldsOf(resource) },
        },
        signal,
      )
      if (answer.code !== 'ok') return answer
      const actions = answer.value.actions ?? []
      return {
        code: 'ok',
        value: actions.map(({ name, disabled }) => ({ name, disabled: disabled === true })),
      }
    },
    runAction: async (application, resource, action, signal) =>
      emptied(
        await call(
          z.unknown(),
          {
            what: `${action} ${resource.kind} ${resource.name} of ${nameOf(application)}`,
            method: 'POST',
            path: `${pathOf(application)}/resource/actions/v2`,
            body: { ...bodyOf(application), ...fieldsOf(resource), action },
          },
          signal,
        ),
      ),
    syncWindows: (application, signal) =>
      call(
        SyncWindows,
        {
          what: `read the sync windows of ${nameOf(application)}`,
          method: 'GET',
          path: `${pathOf(application)}/syncwindows`,
          query: queryOf(application),
        },
        signal,
      ),
    revisionMetadata: (application, revision, options, signal) =>
      call(
        RevisionMetadata,
        {
          what: `read revision ${revision} of ${nameOf(application)}`,
          method: 'GET',
          path: `${pathOf(application)}/revisions/${encodeURIComponent(revision)}/metadata`,
          query: { ...queryOf(application), sourceIndex: options?.sourceIndex?.toString() },
        },
        signal,
      ),
  }
}

/** What runs in the cluster. */
function liveCalls(call: Call, instance: string): Pick<ArgoCd, 'resourceTree' | 'liveResource'> {
  return {
    resourceTree: async (application, signal) => {
      const answer = await call(
        ResourceTree,
        {
          what: `read the resource tree of ${nameOf(application)}`,
          method: 'GET',
          path: `${pathOf(application)}/resource-tree`,
          query: queryOf(application),
        },
        signal,
      )
      return answer.code === 'ok' ? { code: 'ok', value: answer.value.nodes ?? [] } : answer
    },
    liveResource: async (application, resource, signal) => {
      const what = `read ${resource.kind} ${resource.name} of ${nameOf(application)}`
      const answer = await call(
        LiveResource,
        {
          what,
          method: 'GET',
          path: `${pathOf(application)}/resource`,
          query: { ...queryOf(application), ...fieldsOf(resource) },
        },
        signal,
      )
      if (answer.code !== 'ok') return answer
      try {
        return { code: 'ok', value: JSON.parse(answer.value.manifest) as unknown }
      } catch {
        return failure({ instance, what }, 'unexpected-answer', 'the manifest is not JSON')
      }
    },
  }
}

function accountCalls(call: Call): Pick<ArgoCd, 'can' | 'userInfo' | 'version'> {
  return {
    can: async (action, resource, object, signal) => {
      // The object may have slashes of its own: project/namespace/name.
      const parts = [resource, action, ...object.split('/')].map(encodeURIComponent)
      const path = `/api/v1/account/can-i/${parts.join('/')}`
      const what = 'ask for permissions'
      const answer = await call(
        z.looseObject({ value: z.string().nullish() }),
        { what, method: 'GET', path },
        signal,
      )
      return answer.code === 'ok' ? { code: 'ok', value: answer.value.value === 'yes' } : answer
    },
    userInfo: (signal) =>
      call(
        UserInfo,
        { what: 'check the token', method: 'GET', path: '/api/v1/session/userinfo' },
        signal,
      ),
    version: async (signal) => {
      const answer = await call(
        ServerVersion,
        { what: 'read the version', method: 'GET', path: '/api/version' },
        signal,
      )
      return answer.code === 'ok' ? { code: 'ok', value: answer.value.Version } : answer
    },
  }
}

/** `argocd/carts`: how messages call an application. */
export function nameOf({ name, namespace }: ApplicationRef): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`
}

function pathOf({ name }: ApplicationRef): string {
  return `/api/v1/applications/${encodeURIComponent(name)}`
}

function queryOf({ namespace, project }: ApplicationRef): Record<string, string | undefined> {
  return { project, appNamespace: namespace }
}

function bodyOf({ name, namespace, project }: ApplicationRef): Record<string, string> {
  return { name, project, ...(namespace === undefined ? {} : { appNamespace: namespace }) }
}

function fieldsOf(resource: ResourceRef): Record<string, string> {
  const { group, version, kind, namespace, name } = resource
  return { group, version, kind, namespace, resourceName: name }
}

function emptied(answer: ArgoCdAnswer<unknown>): ArgoCdAnswer<undefined> {
  return answer.code === 'ok' ? { code: 'ok', value: undefined } : answer
}

function parseAnswer<T>(schema: z.ZodType<T>, doing: Doing, text: string): ArgoCdAnswer<T> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return failure(
      doing,
      'unexpected-answer',
      'the answer is not JSON; is the URL that of Argo CD?',
    )
  }
  const result = schema.safeParse(body)
  if (result.success) return { code: 'ok', value: result.data }
  const [issue] = result.error.issues
  const at = issue?.path.join('.') || 'the answer'
  return failure(doing, 'unexpected-answer', `${at}: ${issue?.message ?? 'is not as expected'}`)
}
