import {
  CreateProjectBody,
  Empty,
  ExpandedProject,
  Message,
  ProjectPage,
  UpdateProjectBody,
} from '@tiphys/contract/http/keptn-project.ts'
import { TolerantPaging } from '@tiphys/contract/http/paging.ts'
import type { z } from 'zod'
import type { Actor } from '../../intake/actor.ts'
import type { Projections } from '../../ports/projections.ts'
import type { CreateProjectAnswer, Projects } from '../../projects/projects.ts'
import { checkProject, mayUse } from '../access.ts'
import { type Answer, created, ok, refusalOf, refuse } from '../answer.ts'
import type { AddRoute } from '../route.ts'
import { decodeBase64Text } from './base64.ts'
import { readGitCredentials } from './git-credentials.ts'
import { pageOf, textKey } from './pages.ts'
import { findProject } from './project-lookup.ts'
import { viewProject } from './project-view.ts'

export type ProjectRouteParts = { readonly projects: Projects; readonly projections: Projections }

const CREATED = 201
/** A shipyard of a megabyte, in base64, and the rest of the body. */
const BODY_LIMIT_BYTES = 2 * 1024 * 1024

/** `/controlPlane/v1/project` (facts/keptn-v1.md 2.3). */
export function addProjectRoutes(add: AddRoute, parts: ProjectRouteParts): void {
  const { projects, projections } = parts
  add({
    method: 'GET',
    path: '/api/controlPlane/v1/project',
    summary: 'Lists projects by name',
    query: TolerantPaging,
    success: ProjectPage,
    handle: ({ query, actor }) => listProjects(parts, query, actor),
  })
  add({
    method: 'GET',
    path: '/api/controlPlane/v1/project/:project',
    summary: 'A project with its stages and services',
    success: ExpandedProject,
    async handle({ params }) {
      const found = findProject(projects, params.project)
      if (!found.ok) return found
      return ok((await viewProject(found.record, projections)).project())
    },
  })
  add({
    method: 'POST',
    path: '/api/controlPlane/v1/project',
    summary: 'Creates a project from a shipyard in base64, or from an upstream that holds one',
    body: CreateProjectBody,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    success: Empty,
    successStatus: CREATED,
    handle: ({ body, actor }) => createProject(projects, body, actor),
  })
  add({
    method: 'PUT',
    path: '/api/controlPlane/v1/project',
    summary: 'Replaces the shipyard of a project, gives it an upstream',
    body: UpdateProjectBody,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    success: Empty,
    successStatus: CREATED,
    handle: ({ body, actor }) => updateProject(projects, body, actor),
  })
  add({
    method: 'DELETE',
    path: '/api/controlPlane/v1/project/:project',
    summary: 'Deletes a project: ends its runs, forgets its events and files',
    success: Message,
    async handle({ params, actor }) {
      const answer = await projects.delete(params.project, actor)
      if (answer.code !== 'deleted') return refusalOf(answer)
      return ok({ message: `Project ${params.project} deleted` })
    },
  })
}

async function listProjects(
  parts: ProjectRouteParts,
  page: z.output<typeof TolerantPaging>,
  actor: Actor,
): Promise<Answer<z.input<typeof ProjectPage>>> {
  const seen = parts.projects.list().filter((record) => mayUse(actor, record.name))
  const views = await Promise.all(
    pageOf(seen, page).map(async (record) =>
      (await viewProject(record, parts.projections)).project(),
    ),
  )
  const totalCount = seen.length
  return ok({ projects: views, nextPageKey: textKey(page, totalCount), pageSize: 0, totalCount })
}

async function createProject(
  projects: Projects,
  body: CreateProjectBody,
  actor: Actor,
): Promise<Answer<object>> {
  const forbidden = checkProject(actor, body.name)
  if (forbidden !== undefined) return forbidden
  const upstream = readGitCredentials(body.gitCredentials)
  if (!upstream.ok) return upstream
  const { connection } = upstream
  const request = { name: body.name, ...(connection === undefined ? {} : { upstream: connection }) }
  if (!body.shipyard) {
    if (connection === undefined) return refuse('invalid', 'shipyard is missing')
    return answerOf(await projects.create(request, actor))
  }
  const shipyard = decodeBase64Text(body.shipyard, 'shipyard')
  if (!shipyard.ok) return shipyard
  return answerOf(await projects.create({ ...request, shipyard: shipyard.text }, actor))
}

function answerOf(answer: CreateProjectAnswer): Answer<object> {
  return answer.code === 'created' ? created({}) : refusalOf(answer)
}

async function updateProject(
  projects: Projects,
  body: UpdateProjectBody,
  actor: Actor,
): Promise<Answer<object>> {
  const forbidden = checkProject(actor, body.name)
  if (forbidden !== undefined) return forbidden
  const upstream = readGitCredentials(body.gitCredentials)
  if (!upstream.ok) return upstream
  const found = findProject(projects, body.name)
  if (!found.ok) return found
  if (upstream.connection !== undefined) {
    const attached = await projects.attachUpstream(body.name, upstream.connection, actor)
    if (attached.code !== 'attached') return refusalOf(attached)
  }
  // Keptn's CLI writes null where it was given no shipyard.
  if (!body.shipyard) return created({})
  const shipyard = decodeBase64Text(body.shipyard, 'shipyard')
  if (!shipyard.ok) return shipyard
  const answer = await projects.updateShipyard(body.name, shipyard.text, actor)
  return answer.code === 'updated' ? created({}) : refusalOf(answer)
}
