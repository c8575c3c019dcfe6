import { UpstreamStatus } from '@tiphys/contract/http/keptn-project.ts'
import type { HttpClient } from '../client/http-client.ts'
import { listProjects } from '../client/projects.ts'
import type { Finding } from './finding.ts'

/** Looks at the upstream of every project that has one. */
export async function checkUpstreams(client: HttpClient): Promise<Finding[]> {
  try {
    const projects = await listProjects(client)
    const names = projects.flatMap((project) =>
      project.gitCredentials === undefined ? [] : [project.projectName],
    )
    return await Promise.all(names.map((name) => checkUpstream(client, name)))
  } catch (error) {
    return [{ name: 'upstreams', state: 'wrong', message: (error as Error).message }]
  }
}

async function checkUpstream(client: HttpClient, project: string): Promise<Finding> {
  const name = `upstream of ${project}`
  const path = `/api/tiphys/v1/projects/${encodeURIComponent(project)}/upstream`
  try {
    const status = await client.request({ method: 'GET', path, schema: UpstreamStatus })
    const { remoteURL, layout, mainBranch, reachable, message, failingSince, hostKeys } = status
    const keys = hostKeys.map(({ host, type, fingerprint }) => `${host} ${type} ${fingerprint}`)
    const pinned = keys.length === 0 ? '' : `, pinned ${keys.join(', ')}`
    if (reachable) {
      const where = layout === 'directories' ? `directories on ${mainBranch}` : 'a branch per stage'
      return { name, state: 'good', message: `${remoteURL} (${where})${pinned}` }
    }
    const since = failingSince === undefined ? '' : ` (since ${failingSince})`
    return { name, state: 'wrong', message: `${message}${since}${pinned}` }
  } catch (error) {
    return { name, state: 'wrong', message: (error as Error).message }
  }
}
