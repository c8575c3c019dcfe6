import type { NameValue } from './application/application.ts'

export type OperationCount = {
  /** When it was requested, RFC 3339 with milliseconds (the object has whole seconds only). */
  requestedAt: string
  initiatedBy: { username?: string; automated?: boolean }
  info: NameValue[]
  revision: string
  dryRun: boolean
  /** A sync of chosen resources. */
  partial: boolean
  selfHeal: boolean
}

export type ApplicationCounts = {
  syncsAccepted: number
  /** By gRPC code, as text: `{"9": 2}`. */
  syncsRefused: Record<string, number>
  operations: OperationCount[]
}

export type Delivery = {
  trigger: string
  application: string
  url: string
  /** Number of this try, from 1. */
  attempt: number
  /** HTTP status, or what broke. */
  answer: number | string
  outcome: 'sent' | 'retried' | 'failed'
  body: string
}

export type NotificationCounts = {
  sent: number
  retried: number
  /** Given up, and with oncePer lost for good. */
  failed: number
  /** Sent again on purpose, because the trap forgot that they had been sent. */
  duplicates: number
  deliveries: Delivery[]
}

export type SimulatorCounts = {
  /** `METHOD route status`, with the route as a pattern: `GET /api/v1/applications/{name} 200`. */
  requests: Record<string, number>
  /** By `namespace/name`. */
  applications: Record<string, ApplicationCounts>
  notifications: NotificationCounts
}

const KEPT_DELIVERIES = 1000

/** What the simulator was asked and what it did, never deduplicated: the witness of a test. */
export class Counts {
  readonly #requests: Record<string, number> = {}
  readonly #applications: Record<string, ApplicationCounts> = {}
  readonly #notifications: NotificationCounts = {
    sent: 0,
    retried: 0,
    failed: 0,
    duplicates: 0,
    deliveries: [],
  }

  request(method: string, route: string, status: number): void {
    const key = `${method} ${route} ${status}`
    this.#requests[key] = (this.#requests[key] ?? 0) + 1
  }

  syncAccepted(application: string): void {
    this.#of(application).syncsAccepted += 1
  }

  syncRefused(application: string, code: number): void {
    const refused = this.#of(application).syncsRefused
    refused[String(code)] = (refused[String(code)] ?? 0) + 1
  }

  operation(application: string, operation: OperationCount): void {
    this.#of(application).operations.push(operation)
  }

  delivery(delivery: Delivery): void {
    this.#notifications[delivery.outcome] += 1
    this.#notifications.deliveries.push(delivery)
    if (this.#notifications.deliveries.length > KEPT_DELIVERIES)
      this.#notifications.deliveries.shift()
  }

  duplicate(): void {
    this.#notifications.duplicates += 1
  }

  snapshot(): SimulatorCounts {
    return structuredClone({
      requests: this.#requests,
      applications: this.#applications,
      notifications: this.#notifications,
    })
  }

  #of(application: string): ApplicationCounts {
    this.#applications[application] ??= { syncsAccepted: 0, syncsRefused: {}, operations: [] }
    return this.#applications[application]
  }
}
