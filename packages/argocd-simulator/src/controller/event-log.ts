import { randomUUID } from 'node:crypto'
import type { Application } from '../application/application.ts'
import { rfc3339 } from '../time.ts'

export type EventReason =
  | 'OperationStarted'
  | 'OperationCompleted'
  | 'ResourceUpdated'
  | 'ResourceActionRan'
  | 'ResourceCreated'
  | 'ResourceDeleted'
  | 'StatusRefreshed'

/** A Kubernetes event about an application, in the form of `GET /{name}/events`. */
export type KubernetesEvent = {
  metadata: { name: string; namespace: string; uid: string; creationTimestamp: string }
  involvedObject: { kind: string; namespace: string; name: string; uid: string; apiVersion: string }
  reason: EventReason
  message: string
  type: 'Normal' | 'Warning'
  source: { component: string }
  firstTimestamp: string
  lastTimestamp: string
  count: number
}

const KEPT_PER_APPLICATION = 100

export class EventLog {
  readonly #events = new Map<string, KubernetesEvent[]>()

  record(
    application: Application,
    event: { reason: EventReason; message: string; type?: 'Normal' | 'Warning' },
  ): void {
    const { name, namespace, uid } = application.metadata
    const now = rfc3339(Date.now())
    const kept = this.#events.get(uid) ?? []
    const eventUid = randomUUID()
    kept.push({
      metadata: {
        name: `${name}.${eventUid.slice(0, 8)}`,
        namespace,
        uid: eventUid,
        creationTimestamp: now,
      },
      involvedObject: {
        kind: 'Application',
        namespace,
        name,
        uid,
        apiVersion: 'argoproj.io/v1alpha1',
      },
      reason: event.reason,
      message: event.message,
      type: event.type ?? 'Normal',
      source: { component: 'argocd-application-controller' },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    })
    this.#events.set(uid, kept.slice(-KEPT_PER_APPLICATION))
  }

  of(application: Application): KubernetesEvent[] {
    return structuredClone(this.#events.get(application.metadata.uid) ?? [])
  }

  forget(application: Application): void {
    this.#events.delete(application.metadata.uid)
  }
}
