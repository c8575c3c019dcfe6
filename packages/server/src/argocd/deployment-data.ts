import type { Application } from '@tiphys/contract/argocd-application.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { publicUrisOf } from '@tiphys/core/deployment/kubernetes-names.ts'
import type { EndedOutcome } from '@tiphys/core/deployment/outcome.ts'
import type { DeploymentRecord } from './deployment-record.ts'

/** `data.deployment` of `deployment.finished`: what Keptn's services read, and what is ours under `argocd`. */
export function deploymentData(
  record: DeploymentRecord,
  outcome: EndedOutcome,
  application: Application | undefined,
  uris: readonly string[],
): JsonObject {
  const { status, metadata } = application ?? { status: {}, metadata: undefined }
  const found = metadata === undefined ? [] : publicUrisOf(metadata, status.summary?.externalURLs)
  const gitCommit = record.commitId ?? record.after?.revisions[0] ?? ''
  const { historyId } = record.after ?? {}
  return {
    deployment: {
      deploymentNames: [record.application],
      deploymentURIsPublic: uris.length > 0 ? [...uris] : found,
      gitCommit,
      argocd: {
        instance: record.instance,
        application: record.application,
        outcome: outcome.code,
        revision: record.after?.revisions.join(',') ?? '',
        images: [...(record.after?.images ?? [])],
        ...(historyId === undefined ? {} : { historyId }),
      },
      // Said every time: data of an earlier stage travels along, and a pause there is none here.
      paused: outcome.code === 'paused',
    },
  }
}
