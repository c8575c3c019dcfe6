import {
  ExpandedProject,
  type ExpandedStage,
  type GitCredentials,
  Message,
  ProjectPage,
} from '@tiphys/contract/http/keptn-project.ts'
import type { HttpClient } from './http-client.ts'
import { allPages } from './pages.ts'

/** Projects and services (facts/keptn-v1.md 2.3). */

const PROJECTS = '/api/controlPlane/v1/project'
const PAGE_SIZE = 50

export function projectPath(project: string): string {
  return `${PROJECTS}/${encodeURIComponent(project)}`
}

export function listProjects(client: HttpClient): Promise<ExpandedProject[]> {
  return allPages(
    (nextPageKey) =>
      client.request({
        method: 'GET',
        path: PROJECTS,
        query: { pageSize: PAGE_SIZE, nextPageKey },
        schema: ProjectPage,
      }),
    (page) => page.projects,
  )
}

export function getProject(client: HttpClient, project: string): Promise<ExpandedProject> {
  return client.request({ method: 'GET', path: projectPath(project), schema: ExpandedProject })
}

export type ProjectChange = {
  readonly name: string
  /** YAML text. */
  readonly shipyard?: string | undefined
  readonly gitCredentials?: GitCredentials | undefined
}

export async function createProject(client: HttpClient, project: ProjectChange): Promise<void> {
  const body = bodyOf(project)
  await client.request({ method: 'POST', path: PROJECTS, body })
}

export async function updateProject(client: HttpClient, project: ProjectChange): Promise<void> {
  const body = bodyOf(project)
  await client.request({ method: 'PUT', path: PROJECTS, body })
}

function bodyOf({ name, shipyard, gitCredentials }: ProjectChange) {
  return {
    name,
    ...(shipyard === undefined ? {} : { shipyard: toBase64(shipyard) }),
    ...(gitCredentials === undefined ? {} : { gitCredentials }),
  }
}

export async function deleteProject(client: HttpClient, project: string): Promise<string> {
  const path = projectPath(project)
  return (await client.request({ method: 'DELETE', path, schema: Message })).message
}

export async function createService(
  client: HttpClient,
  project: string,
  service: string,
): Promise<void> {
  const path = `${projectPath(project)}/service`
  await client.request({ method: 'POST', path, body: { serviceName: service } })
}

export async function deleteService(
  client: HttpClient,
  project: string,
  service: string,
): Promise<void> {
  const path = `${projectPath(project)}/service/${encodeURIComponent(service)}`
  await client.request({ method: 'DELETE', path })
}

/** A service exists in every stage. */
export function servicesOf(project: { readonly stages: readonly ExpandedStage[] }): string[] {
  const names = project.stages.flatMap((stage) => stage.services.map((one) => one.serviceName))
  return [...new Set(names)].sort()
}

export function toBase64(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64')
}
