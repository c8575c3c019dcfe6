import { Resource, ResourcePage, WrittenResources } from '@tiphys/contract/http/keptn-resource.ts'
import type { HttpClient } from './http-client.ts'
import { allPages } from './pages.ts'
import { toBase64 } from './projects.ts'

/** Where a file of a project lives (facts/keptn-v1.md 2.5). */
export type ResourcePlace = {
  readonly project: string
  readonly stage?: string
  readonly service?: string
}

/** Writes files in one commit and gives its id. */
export async function writeResources(
  client: HttpClient,
  place: ResourcePlace,
  files: readonly { readonly uri: string; readonly content: Uint8Array }[],
): Promise<string> {
  const written = await client.request({
    method: 'POST',
    path: `${placePath(place)}/resource`,
    body: {
      resources: files.map((file) => ({
        resourceURI: file.uri,
        resourceContent: toBase64(file.content),
      })),
    },
    schema: WrittenResources,
  })
  return written.commitID
}

const PAGE_SIZE = 100

/** Names of the files at a place. */
export async function listResources(client: HttpClient, place: ResourcePlace): Promise<string[]> {
  return await allPages(
    (nextPageKey) =>
      client.request({
        method: 'GET',
        path: `${placePath(place)}/resource`,
        query: { pageSize: PAGE_SIZE, nextPageKey },
        schema: ResourcePage,
      }),
    (page) => page.resources.map(({ resourceURI }) => resourceURI),
  )
}

export async function readResource(
  client: HttpClient,
  place: ResourcePlace,
  uri: string,
): Promise<Uint8Array> {
  const path = `${placePath(place)}/resource/${encodeURIComponent(uri)}`
  const resource = await client.request({ method: 'GET', path, schema: Resource })
  return Buffer.from(resource.resourceContent, 'base64')
}

function placePath({ project, stage, service }: ResourcePlace): string {
  const parts = ['project', project]
  if (stage !== undefined) parts.push('stage', stage)
  if (service !== undefined) parts.push('service', service)
  return `/api/resource-service/v1/${parts.map(encodeURIComponent).join('/')}`
}
