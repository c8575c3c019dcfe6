import { z } from 'zod'
import { jsonPatch, mergePatch } from '../../application/json-patch.ts'
import type { LiveObject } from '../../cluster/cluster.ts'
import { asManifest, RenderError } from '../../render/manifest.ts'
import { GrpcCode, type Refusal, refusal } from '../grpc-error.ts'
import {
  type Found,
  findApplication,
  findQueried,
  parseBody,
  type Reply,
  type RequestContext,
  type Route,
} from '../request-context.ts'
import { livePod } from '../resource-tree.ts'

const BASE = '/api/v1/applications/{name}/resource'

export const resourceRoutes: readonly Route[] = [
  { method: 'GET', path: BASE, handle: get },
  { method: 'POST', path: BASE, handle: patch },
  { method: 'GET', path: `${BASE}/actions`, handle: listActions },
  { method: 'POST', path: `${BASE}/actions`, handle: runActionV1 },
  { method: 'POST', path: `${BASE}/actions/v2`, handle: runActionV2 },
]

const actionSchema = z.object({
  namespace: z.string().default(''),
  resourceName: z.string().default(''),
  version: z.string().default(''),
  group: z.string().default(''),
  kind: z.string().default(''),
  action: z.string().default(''),
  project: z.string().default(''),
  appNamespace: z.string().default(''),
})

type ResourceName = { group: string; kind: string; namespace: string; resourceName: string }

function get(context: RequestContext): Reply {
  const found = findQueried(context)
  if ('refusal' in found) return found
  const name = queriedName(context.query)
  const pod = livePodOf(found, name)
  if (pod !== undefined) return { body: { manifest: JSON.stringify(pod) } }
  const live = findLive(found, name)
  if ('refusal' in live) return live
  return { body: { manifest: liveJson(live.object) } }
}

function livePodOf({ application, running }: Found, { group, kind, ...name }: ResourceName) {
  if (group !== '' || kind !== 'Pod') return undefined
  const { namespace, resourceName } = name
  return livePod(application, running.cluster, { namespace, name: resourceName })
}

/** Edits a live object, which is how drift begins. */
function patch(context: RequestContext): Reply {
  const found = findQueried(context, 'update')
  if ('refusal' in found) return found
  const live = findLive(found, queriedName(context.query))
  if ('refusal' in live) return live
  const text = z.string().safeParse(context.body)
  if (!text.success) return refusal(GrpcCode.invalidArgument, 'body is not a JSON string')
  try {
    const change: unknown = JSON.parse(text.data)
    const isJsonPatch = context.query.get('patchType') === 'application/json-patch+json'
    const patched = isJsonPatch
      ? jsonPatch(live.object.manifest, change)
      : { value: mergePatch(live.object.manifest, change) }
    if ('problem' in patched) return refusal(GrpcCode.invalidArgument, patched.problem)
    found.running.cluster.edit(live.key, asManifest(patched.value, 'patched resource'))
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RenderError)) throw error
    return refusal(GrpcCode.invalidArgument, error.message)
  }
  const after = found.running.cluster.live(live.key) ?? live.object
  return { body: { manifest: liveJson(after) } }
}

function listActions(context: RequestContext): Reply {
  const found = findQueried(context)
  if ('refusal' in found) return found
  const live = findLive(found, queriedName(context.query))
  if ('refusal' in live) return live
  const actions = live.object.workload?.actions() ?? []
  return { body: { actions: actions.map(({ name, disabled }) => ({ name, disabled })) } }
}

/** Before 3.1: parameters in the query, the body is a bare JSON string. */
function runActionV1(context: RequestContext): Reply {
  const found = findQueried(context, 'action')
  if ('refusal' in found) return found
  const action = z.string().safeParse(context.body)
  if (!action.success) return refusal(GrpcCode.invalidArgument, 'body is not a JSON string')
  return runAction(context, found, queriedName(context.query), action.data)
}

function runActionV2(context: RequestContext): Reply {
  const parsed = parseBody(context, actionSchema)
  if ('refusal' in parsed) return parsed
  const name = context.parameters['name'] ?? ''
  const found = findApplication(context, { name, ...parsed.data }, 'action')
  if ('refusal' in found) return found
  return runAction(context, found, parsed.data, parsed.data.action)
}

/** Answers at once; what the action does is seen in the application later. */
function runAction(
  context: RequestContext,
  found: Found,
  resource: ResourceName,
  actionName: string,
): Reply {
  const live = findLive(found, resource)
  if ('refusal' in live) return live
  const action = live.object.workload?.actions().find(({ name }) => name === actionName)
  if (action === undefined || action.disabled) {
    return refusal(GrpcCode.invalidArgument, `action not allowed or unknown: ${actionName}`)
  }
  action.run()
  context.services.events.record(found.application, {
    reason: 'ResourceActionRan',
    message: `${context.caller.username} ran action ${actionName} on resource ${resource.kind}/${resource.resourceName}`,
  })
  return { body: {} }
}

function queriedName(query: URLSearchParams): ResourceName {
  const value = (name: string) => query.get(name) ?? ''
  return {
    group: value('group'),
    kind: value('kind'),
    namespace: value('namespace'),
    resourceName: value('resourceName'),
  }
}

function findLive(
  found: Found,
  { group, kind, namespace, resourceName }: ResourceName,
): { key: string; object: LiveObject } | { refusal: Refusal } {
  const key = `${group}/${kind}/${namespace}/${resourceName}`
  const object = found.running.cluster.live(key)
  if (object !== undefined) return { key, object }
  const { name } = found.application.metadata
  return refusal(
    GrpcCode.invalidArgument,
    `${kind} ${group} ${resourceName} not found as part of application ${name}`,
  )
}

function liveJson(object: LiveObject): string {
  const status = object.workload?.status()
  return JSON.stringify(status === undefined ? object.manifest : { ...object.manifest, status })
}
