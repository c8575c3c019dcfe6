import { createHash } from 'node:crypto'
import type { Application } from '../application/application.ts'
import type { TriggerName } from './settings.ts'

export type Trigger = {
  readonly name: TriggerName
  /** Identifies the condition in the annotation, as Argo CD does: `[index].hash of the expression`. */
  readonly conditionKey: string
  when(application: Application): boolean
  /** The value of `oncePer`. */
  oncePer(application: Application): string
}

/** Operations of Tiphys itself carry this in their info; they must not come back as news. */
const RUN_INFO = 'tiphys.dev/run'

function isOurs(application: Application): boolean {
  const info = application.status.operationState?.operation.info ?? []
  return info.some(({ name }) => name === RUN_INFO)
}

function startedAt(application: Application): string {
  return application.status.operationState?.startedAt ?? ''
}

function isDeployed({ status }: Application): boolean {
  return status.operationState?.phase === 'Succeeded' && status.health.status === 'Healthy'
}

/** The triggers of examples/argocd-notifications-cm.yaml, and Argo CD's stock on-deployed. */
const definitions: readonly Omit<Trigger, 'conditionKey'>[] = [
  {
    name: 'on-tiphys-deployed',
    when: (application) => {
      const sync = application.status.operationState?.operation.sync
      return (
        isDeployed(application) &&
        application.status.sync.status === 'Synced' &&
        sync?.dryRun !== true &&
        sync?.autoHealAttemptsCount === undefined &&
        !isOurs(application)
      )
    },
    oncePer: startedAt,
  },
  {
    name: 'on-tiphys-sync-failed',
    when: (application) => {
      const phase = application.status.operationState?.phase
      return (phase === 'Failed' || phase === 'Error') && !isOurs(application)
    },
    oncePer: startedAt,
  },
  {
    name: 'on-tiphys-degraded',
    when: (application) =>
      application.status.operationState?.phase === 'Succeeded' &&
      application.status.health.status === 'Degraded' &&
      !isOurs(application),
    oncePer: startedAt,
  },
  {
    name: 'on-deployed',
    when: isDeployed,
    oncePer: (application) => {
      const result = application.status.operationState?.syncResult
      return result?.revisions?.join(',') ?? result?.revision ?? ''
    },
  },
]

export const triggers: ReadonlyMap<TriggerName, Trigger> = new Map(
  definitions.map((definition) => [
    definition.name,
    { ...definition, conditionKey: `[0].${hash(definition.name)}` },
  ]),
)

function hash(text: string): string {
  return createHash('sha1').update(text).digest('base64url')
}
