import type { ApplicationListItem } from '@tiphys/contract/argocd-api.ts'
import { type Membership, membershipOf } from '@tiphys/core/deployment/kubernetes-names.ts'
import type { ApplicationRef, ArgoCd, ArgoCdAnswer } from '../ports/argocd.ts'

/** The applications of one Argo CD that say which service of ours they are, as the last list showed them. */
export type ApplicationDirectory = {
  /** Asks for the list anew. */
  refresh(signal: AbortSignal): Promise<ArgoCdAnswer<readonly KnownApplication[]>>
  /** From the last list. */
  byName(namespace: string, name: string): KnownApplication | undefined
}

export type KnownApplication = {
  readonly ref: ApplicationRef & { readonly namespace: string }
  readonly membership: Membership
  /** Differs when there may be something to see: the operation, sync, health, labels, or another application of that name. */
  readonly fingerprint: string
}

export function createDirectory(argocd: ArgoCd): ApplicationDirectory {
  let known = new Map<string, KnownApplication>()
  return {
    async refresh(signal) {
      const answer = await argocd.list(signal)
      if (answer.code !== 'ok') return answer
      const applications = answer.value.flatMap((item) => knownApplication(item) ?? [])
      known = new Map(
        applications.map((one) => [directoryKey(one.ref.namespace, one.ref.name), one]),
      )
      return { code: 'ok', value: applications }
    },
    byName: (namespace, name) => known.get(directoryKey(namespace, name)),
  }
}

export function directoryKey(namespace: string, name: string): string {
  return `${namespace}/${name}`
}

function knownApplication(item: ApplicationListItem): KnownApplication | undefined {
  const { metadata, spec, status, operation } = item
  const membership = membershipOf(metadata)
  if (membership === undefined) return undefined
  const { name, namespace } = metadata
  const state = status?.operationState
  const fingerprint = JSON.stringify([
    metadata.creationTimestamp,
    membership,
    spec.project,
    state?.phase,
    state?.startedAt,
    state?.finishedAt,
    status?.sync?.status,
    status?.health?.status,
    operation !== undefined && operation !== null,
  ])
  return { ref: { name, namespace, project: spec.project }, membership, fingerprint }
}
