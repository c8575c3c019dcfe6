import {
  Resource,
  ResourcePage,
  WriteResourceBody,
  WriteResourcesBody,
  WrittenResources,
} from '@tiphys/contract/http/keptn-resource.ts'
import { TolerantPaging } from '@tiphys/contract/http/paging.ts'
import { locate } from '@tiphys/core/configuration/keptn-layout.ts'
import { z } from 'zod'
import type { Actor } from '../../intake/actor.ts'
import type { Place } from '../../ports/configuration.ts'
import type { Projects } from '../../projects/projects.ts'
import { type Answer, ok, type Refusal, refusalOf, refuse } from '../answer.ts'
import type { AddRoute } from '../route.ts'
import { decodeBase64 } from './base64.ts'
import { pageOf, textKey } from './pages.ts'
import { checkResourceUri, resourceUriOfPath } from './resource-uri.ts'

const CREATED = 201
const EMBEDDED_BRANCH = 'main'
/** Helm charts and test data travel in base64. */
const BODY_LIMIT_BYTES = 32 * 1024 * 1024

const AtCommit = z.object({
  gitCommitID: z.string().optional(),
  /** What Keptn's webhook and remediation services send; its server ignored it. */
  commitID: z.string().optional(),
})
const ListQuery = TolerantPaging.extend(AtCommit.shape)

const PLACES = [
  '/api/resource-service/v1/project/:project',
  '/api/resource-service/v1/project/:project/stage/:stage',
  '/api/resource-service/v1/project/:project/stage/:stage/service/:service',
] as const

/** Files of projects, stages and services (facts/keptn-v1.md 2.5). */
export function addResourceRoutes(add: AddRoute, projects: Projects): void {
  for (const place of PLACES) {
    addListRoutes(add, projects, place)
    addResourceRoute(add, projects, place)
  }
}

function addListRoutes(add: AddRoute, projects: Projects, place: (typeof PLACES)[number]): void {
  const path = `${place}/resource` as const
  add({
    method: 'GET',
    path,
    summary: 'Lists resources',
    query: ListQuery,
    success: ResourcePage,
    async handle({ params, query }) {
      const answer = await projects.listResources(params.project, placeOf(params), commitOf(query))
      if (answer.code !== 'listed') return refusalOf(answer)
      const all = [...answer.entries].sort((left, right) => (left.uri < right.uri ? -1 : 1))
      const metadata = versionOf(projects, params.project, answer.commitId)
      const resources = pageOf(all, query).map(({ uri }) => ({ resourceURI: uri, metadata }))
      const totalCount = all.length
      return ok({ resources, nextPageKey: textKey(query, totalCount), pageSize: 0, totalCount })
    },
  })
  for (const method of ['POST', 'PUT'] as const) {
    const status = method === 'POST' ? CREATED : undefined
    add({
      method,
      path,
      summary: 'Writes resources in one commit; contents are base64',
      body: WriteResourcesBody,
      bodyLimitBytes: BODY_LIMIT_BYTES,
      success: WrittenResources,
      ...(status === undefined ? {} : { successStatus: status }),
      async handle({ params, body, actor }) {
        const files = filesOf(body)
        if (!files.ok) return files
        return await write(projects, params.project, placeOf(params), files.files, actor, status)
      },
    })
  }
}

function addResourceRoute(add: AddRoute, projects: Projects, place: (typeof PLACES)[number]): void {
  const path = `${place}/resource/*` as const
  add({
    method: 'GET',
    path,
    summary: 'Reads a resource; the content is base64',
    query: AtCommit,
    success: Resource,
    async handle({ params, query, raw }) {
      const uri = resourceUriOfPath(raw.url)
      if (!uri.ok) return uri
      const where = placeOf(params)
      const answer = await projects.readResource(params.project, where, uri.uri, commitOf(query))
      if (answer.code !== 'found') return refusalOf(answer)
      return ok({
        resourceURI: uri.uri,
        resourceContent: Buffer.from(answer.content).toString('base64'),
        metadata: versionOf(projects, params.project, answer.commitId),
      })
    },
  })
  add({
    method: 'PUT',
    path,
    summary: 'Writes a resource',
    body: WriteResourceBody,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    success: WrittenResources,
    async handle({ params, body, actor, raw }) {
      const uri = resourceUriOfPath(raw.url)
      if (!uri.ok) return uri
      const { resourceContent } = body
      const files = filesOf({ resources: [{ resourceURI: uri.uri, resourceContent }] })
      if (!files.ok) return files
      return await write(projects, params.project, placeOf(params), files.files, actor)
    },
  })
  add({
    method: 'DELETE',
    path,
    summary: 'Deletes a resource',
    success: WrittenResources,
    async handle({ params, actor, raw }) {
      const uri = resourceUriOfPath(raw.url)
      if (!uri.ok) return uri
      const where = placeOf(params)
      const existing = await projects.readResource(params.project, where, uri.uri)
      if (existing.code !== 'found') return refusalOf(existing)
      return await write(projects, params.project, where, { [uri.uri]: undefined }, actor)
    },
  })
}

function placeOf(params: { readonly stage?: string; readonly service?: string }): Place {
  const { stage, service } = params
  if (stage === undefined) return { level: 'project' }
  return service === undefined ? { level: 'stage', stage } : { level: 'service', stage, service }
}

function commitOf(query: z.output<typeof AtCommit>): string | undefined {
  return query.gitCommitID || query.commitID || undefined
}

type Files = Record<string, Uint8Array | undefined>

function filesOf(body: WriteResourcesBody): { ok: true; files: Files } | Refusal {
  // A Map, so that a file called like something every object has is a file.
  const files = new Map<string, Uint8Array>()
  for (const { resourceURI, resourceContent } of body.resources) {
    const uri = checkResourceUri(resourceURI)
    if (!uri.ok) return uri
    if (files.has(uri.uri)) return refuse('invalid', `resource ${uri.uri} is given twice`)
    const content = decodeBase64(resourceContent, `the content of ${uri.uri}`)
    if (!content.ok) return content
    files.set(uri.uri, content.bytes)
  }
  return { ok: true, files: Object.fromEntries(files) }
}

async function write(
  projects: Projects,
  project: string,
  place: Place,
  files: Files,
  actor: Actor,
  status = 200,
): Promise<Answer<z.output<typeof WrittenResources>>> {
  const answer = await projects.writeResources(project, place, files, actor)
  if (answer.code !== 'written') return refusalOf(answer)
  const metadata = {
    branch: branchOf(projects, project, place),
    ...versionOf(projects, project, answer.commitId),
  }
  return { ok: true, status, body: { commitID: answer.commitId, metadata } }
}

function versionOf(projects: Projects, project: string, version: string) {
  return { upstreamURL: projects.find(project)?.upstream?.connection.remoteUrl ?? '', version }
}

function branchOf(projects: Projects, project: string, place: Place): string {
  const layout = projects.find(project)?.upstream?.layout
  return layout === undefined ? EMBEDDED_BRANCH : locate(layout, place).branch
}
