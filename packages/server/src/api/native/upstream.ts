import { UpstreamStatus } from '@tiphys/contract/http/keptn-project.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import type { Projects, UpstreamView } from '../../projects/projects.ts'
import { FRESHEN_WAIT_MS } from '../../projects/upstream-following.ts'
import { ok, refuse } from '../answer.ts'
import { findProject } from '../keptn-v1/project-lookup.ts'
import type { AddRoute } from '../route.ts'

/** How a project stands to its upstream, looked at when asked: for `tiphys doctor` and the web UI. */
export function addUpstreamRoute(add: AddRoute, projects: Projects): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/projects/:project/upstream',
    summary: 'Looks at the upstream of a project: whether it answers, its layout, its host keys',
    success: UpstreamStatus,
    async handle({ params }) {
      const found = findProject(projects, params.project)
      if (!found.ok) return found
      const view = await projects.lookAtUpstream(found.record.projectId)
      if (view === undefined)
        return refuse('not-found', `project ${params.project} has no upstream`)
      return ok(statusOf(view))
    },
  })
}

function statusOf({ state, hostKeys, hasAnswered }: UpstreamView): UpstreamStatus {
  const { connection, layout, seenMs, failure } = state
  const silence = hasAnswered ? '' : `it has not answered within ${FRESHEN_WAIT_MS / 1_000} s`
  const message = failure?.message ?? silence
  return {
    remoteURL: connection.remoteUrl,
    layout: layout.kind,
    mainBranch: layout.mainBranch,
    reachable: message === '',
    message,
    ...(seenMs === undefined ? {} : { seen: formatTimestamp(seenMs) }),
    ...(failure === undefined ? {} : { failingSince: formatTimestamp(failure.sinceMs) }),
    hostKeys: hostKeys.map(({ host, type, fingerprint }) => ({ host, type, fingerprint })),
  }
}
