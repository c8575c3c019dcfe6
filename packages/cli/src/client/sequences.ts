import { type SequenceState, SequenceStatePage } from '@tiphys/contract/http/keptn-sequence.ts'
import type { HttpClient } from './http-client.ts'
import { allPages } from './pages.ts'

const SEQUENCES = '/api/controlPlane/v1/sequence'
const PAGE_SIZE = 50

/** One entry for each keptn context, newest first. */
export function listSequences(
  client: HttpClient,
  project: string,
  filter: { readonly name?: string; readonly state?: string; readonly keptnContext?: string },
  limit: number,
): Promise<SequenceState[]> {
  const pageSize = Math.min(limit, PAGE_SIZE)
  return allPages(
    (nextPageKey) =>
      client.request({
        method: 'GET',
        path: `${SEQUENCES}/${encodeURIComponent(project)}`,
        query: { ...filter, pageSize, nextPageKey },
        schema: SequenceStatePage,
      }),
    (page) => page.states,
    Math.ceil(limit / pageSize),
  ).then((states) => states.slice(0, limit))
}

export async function controlSequence(
  client: HttpClient,
  request: {
    readonly project: string
    readonly context: string
    readonly action: 'pause' | 'resume' | 'abort'
    readonly stage?: string
  },
): Promise<void> {
  const { project, context, action, stage } = request
  const path = `${SEQUENCES}/${encodeURIComponent(project)}/${encodeURIComponent(context)}/control`
  await client.request({ method: 'POST', path, body: { state: action, stage } })
}
