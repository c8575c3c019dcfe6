import { z } from 'zod'
import type { Application } from '../../application/application.ts'
import {
  applicationSchema,
  newApplication,
  specSchema,
} from '../../application/application-schema.ts'
import { keyOf } from '../../application/application-store.ts'
import { jsonPatch, mergePatch } from '../../application/json-patch.ts'
import { pause } from '../../time.ts'
import { unexpected } from '../../unexpected.ts'
import { GrpcCode, refusal } from '../grpc-error.ts'
import {
  type Found,
  findApplication,
  findQueried,
  parseBody,
  type Reply,
  type RequestContext,
  type Route,
} from '../request-context.ts'

export const writeRoutes: readonly Route[] = [
  { method: 'POST', path: '/api/v1/applications', handle: create },
  { method: 'PATCH', path: '/api/v1/applications/{name}', handle: patch },
  { method: 'PUT', path: '/api/v1/applications/{name}/spec', handle: replaceSpec },
  { method: 'DELETE', path: '/api/v1/applications/{name}', handle: remove },
]

const patchSchema = z.object({
  patch: z.string(),
  patchType: z.string().default(''),
  project: z.string().default(''),
  appNamespace: z.string().default(''),
})

/** What a write through the API may change; status and operation in it are ignored. */
const writableSchema = z.object({
  metadata: z.object({
    labels: z.record(z.string(), z.string()).exactOptional(),
    annotations: z.record(z.string(), z.string()).exactOptional(),
    finalizers: z.array(z.string()).exactOptional(),
  }),
  spec: specSchema,
})

async function create(context: RequestContext): Promise<Reply> {
  const parsed = parseBody(context, applicationSchema)
  if ('refusal' in parsed) return parsed
  const added = newApplication(parsed.data)
  if (!context.caller.may('create', added.spec.project)) {
    return refusal(GrpcCode.permissionDenied, 'permission denied')
  }
  const { store, applications } = context.services
  if (await applications.add(added, 0)) return { body: store.get(keyOf(added)) }
  return refusal(
    GrpcCode.invalidArgument,
    'existing application spec is different, use upsert flag to force update',
  )
}

async function patch(context: RequestContext): Promise<Reply> {
  const name = context.parameters['name'] ?? ''
  const parsed = parseBody(context, patchSchema)
  if ('refusal' in parsed) return parsed
  const found = findApplication(context, { name, ...parsed.data }, 'update')
  if ('refusal' in found) return found
  const patched = patchedApplication(found.application, parsed.data.patch, parsed.data.patchType)
  if ('problem' in patched) return refusal(GrpcCode.invalidArgument, patched.problem)
  const writable = writableSchema.safeParse(patched.value)
  if (!writable.success) {
    const [issue] = writable.error.issues
    const where = issue?.path.join('.') ?? ''
    return refusal(
      GrpcCode.invalidArgument,
      `application is invalid: ${where} ${issue?.message ?? ''}`,
    )
  }
  return await write(context, found, writable.data)
}

async function replaceSpec(context: RequestContext): Promise<Reply> {
  const parsed = parseBody(context, specSchema)
  if ('refusal' in parsed) return parsed
  const found = findQueried(context, 'update')
  if ('refusal' in found) return found
  const { metadata } = found.application
  const reply = await write(context, found, { metadata, spec: parsed.data })
  if (reply === 'streamed' || 'refusal' in reply) return reply
  return { body: context.services.store.get(found.key)?.spec }
}

function remove(context: RequestContext): Reply {
  const found = findQueried(context, 'delete')
  if ('refusal' in found) return found
  context.services.applications.delete(found.key).catch(unexpected)
  return { body: {} }
}

function patchedApplication(
  application: Application,
  text: string,
  patchType: string,
): { value: unknown } | { problem: string } {
  let patchValue: unknown
  try {
    patchValue = JSON.parse(text)
  } catch (error) {
    return { problem: `error decoding patch: ${error instanceof Error ? error.message : text}` }
  }
  switch (patchType) {
    case 'merge':
      return { value: mergePatch(application, patchValue) }
    case '':
    case 'json': {
      const patched = jsonPatch(application, patchValue)
      return 'problem' in patched
        ? { problem: `error applying patch: ${patched.problem}` }
        : patched
    }
    default:
      return { problem: `Patch type '${patchType}' is not supported` }
  }
}

/**
 * Writes the whole spec, labels and annotations that were computed from an earlier read. Whoever wrote in
 * between is overwritten: Argo CD retries on conflict with the same values.
 */
async function write(
  context: RequestContext,
  found: Found,
  writable: z.output<typeof writableSchema>,
): Promise<Reply> {
  const { store, timing, closing } = context.services
  await pause(timing.patchMs, closing)
  const { labels, annotations, finalizers } = writable.metadata
  const after = store.update(found.key, (application) => {
    application.spec = structuredClone(writable.spec)
    replace(application, 'labels', labels)
    replace(application, 'annotations', annotations)
    replace(application, 'finalizers', finalizers)
  })
  return after === undefined
    ? refusal(GrpcCode.notFound, `applications.argoproj.io "${found.key}" not found`)
    : { body: after }
}

function replace<Name extends 'labels' | 'annotations' | 'finalizers'>(
  application: Application,
  name: Name,
  value: Application['metadata'][Name],
): void {
  if (value === undefined) delete application.metadata[name]
  else application.metadata[name] = value
}
