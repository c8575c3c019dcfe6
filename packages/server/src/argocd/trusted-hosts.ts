import { publicUrisOf } from '@tiphys/core/deployment/kubernetes-names.ts'
import type { TaskJob } from '../executors/executor.ts'
import type { ArgoCdInstances } from '../ports/argocd.ts'
import type { ForeignOrigin } from './foreign-origin.ts'
import { mappedApplications } from './mapped-application.ts'

type Reference = {
  readonly instance: string
  readonly name: string
  readonly namespace?: string
  readonly project: string
}

/**
 * Where tests may be sent when the project names no `targets` (behaviour.md 5): what argocd.yaml says, and what the applications of this
 * service say of themselves, read from Argo CD and not from the event. Throws while an Argo CD that must be asked does not answer.
 */
export function createTrustedHosts(
  argocd: ArgoCdInstances,
): (job: TaskJob) => Promise<readonly string[]> {
  return async (job) => {
    const mapped = mappedApplications(job)
    const applications = mapped.code === 'mapped' ? mapped.applications : []
    const said = applications.flatMap((one) => one.uris)
    const references: Reference[] = applications
      .filter((one) => one.uris.length === 0)
      .map(({ instance, application, namespace, project }) => ({
        instance,
        name: application,
        project,
        ...(namespace === undefined ? {} : { namespace }),
      }))
    const asked = await Promise.all(
      [...references, ...originOf(job)].map((one) => urisOf(argocd, one, job.signal)),
    )
    return [...said, ...asked.flat()]
  }
}

/** The application whose own deployment the run judges: trusted, because we read it from Argo CD. */
function originOf(job: TaskJob): Reference[] {
  const origin = job.origin as unknown as ForeignOrigin | undefined
  if (origin?.kind !== 'argocd-operation') return []
  const { instance, application, namespace, argocdProject } = origin
  return [{ instance, name: application, namespace, project: argocdProject }]
}

async function urisOf(
  argocd: ArgoCdInstances,
  one: Reference,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { instance, ...reference } = one
  const answer = await argocd.get(instance)?.get(reference, {}, signal)
  if (answer === undefined) return []
  if (answer.code === 'ok') {
    return publicUrisOf(answer.value.metadata, answer.value.status.summary?.externalURLs)
  }
  if (answer.retryable) throw new Error(answer.message)
  return []
}
