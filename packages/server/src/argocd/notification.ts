import { type KeptnEvent, parseEventType } from '@tiphys/contract/event.ts'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { ARGOCD_SOURCE } from './foreign-event.ts'

/** The kind of the outbox rows that `createArgocdIntake` carries out. */
export const ARGOCD_NOTIFICATION = 'argocd.notification'

/**
 * What an accepted event says about Argo CD, as far as it is believed: which application and operation to look at. Everything else is
 * read from Argo CD itself.
 */
export type Notification =
  /** Ours: its id names application and operation. */
  | {
      readonly form: 'ours'
      readonly uid: string
      readonly startedAt: string
      readonly outcome: string
      readonly namespace: string
      readonly application: string
    }
  /** The form of Keptn's documentation: it names project, stage and service only. */
  | { readonly form: 'seed' }

const ID = /^argocd:([^:]+):(.+):(deployed|sync-failed|degraded)$/
const APPLICATION_URL = /\/applications\/([^/]+)\/([^/?#]+)$/

/** Undefined for an event that has nothing to do with Argo CD, or that is no trigger of a sequence. */
export function notificationOf(event: KeptnEvent, clientId: string): Notification | undefined {
  const type = parseEventType(event.type)
  if (type.kind !== 'sequence' || type.action !== 'triggered') return undefined
  const id = ID.exec(clientId)
  if (id !== null) {
    const [, uid = '', startedAt = '', outcome = ''] = id
    const [namespace, application] = applicationOf(event)
    return { form: 'ours', uid, startedAt, outcome, namespace, application }
  }
  return event.source === ARGOCD_SOURCE ? { form: 'seed' } : undefined
}

/** From the label `argocdApp` (`argocd/carts`), else from the end of the source URL. */
function applicationOf(event: KeptnEvent): [string, string] {
  const labels = event.data['labels']
  const label = labels !== undefined && isJsonObject(labels) ? labels['argocdApp'] : undefined
  if (typeof label === 'string' && label.includes('/')) {
    const at = label.indexOf('/')
    return [label.slice(0, at), label.slice(at + 1)]
  }
  const [, namespace = '', name = ''] = APPLICATION_URL.exec(event.source) ?? []
  return [namespace, name]
}

/** The body of the outbox row. */
export type NotificationBody = {
  readonly projectId: string
  readonly clientId: string
  readonly event: KeptnEvent
}

export function notificationBody(body: NotificationBody): JsonObject {
  return body as unknown as JsonObject
}

export function parseNotificationBody(body: JsonObject): NotificationBody {
  return body as unknown as NotificationBody
}
