import type { Activity } from '../activity.ts'
import type { Application } from '../application/application.ts'
import {
  type ApplicationKey,
  type ApplicationStore,
  keyOf,
} from '../application/application-store.ts'
import { parseLabelSelector } from '../application/label-selector.ts'
import type { Counts } from '../counts.ts'
import type { Random } from '../random.ts'
import { pause } from '../time.ts'
import type { Timing } from '../timing.ts'
import type { Traps } from '../traps.ts'
import { unexpected } from '../unexpected.ts'
import { notificationBody } from './body.ts'
import { deliver } from './deliver.ts'
import { markSent, NOTIFIED_ANNOTATION, readRecord, recordKey, writeRecord } from './sent-record.ts'
import type { ParsedNotifications, Webhook } from './settings.ts'
import { type Trigger, triggers } from './triggers.ts'

const SUBSCRIBE_ANNOTATION = /^notifications\.argoproj\.io\/subscribe\.([^.]+)\.([^.]+)$/

export type NotificationsParts = {
  readonly settings: ParsedNotifications
  readonly argocdUrl: string
  readonly store: ApplicationStore
  readonly counts: Counts
  readonly activity: Activity
  readonly timing: Timing
  readonly traps: Traps
  readonly random: Random
  readonly closing: AbortSignal
}

/**
 * The notifications controller: one worker that looks at every changed application, and at all of them now
 * and then. It remembers what it sent in an annotation of the application, which is why it repeats itself when
 * the annotation is lost, and why a delivery that finally failed is lost when the trigger has oncePer.
 */
export class NotificationsController {
  readonly #parts: NotificationsParts
  readonly #queue = new Set<ApplicationKey>()
  readonly #unsubscribe: () => void
  #isWorking = false

  constructor(parts: NotificationsParts) {
    this.#parts = parts
    this.#unsubscribe = parts.store.subscribe(({ type, application }) => {
      if (type !== 'DELETED') this.#enqueue(keyOf(application))
    })
    parts.closing.addEventListener('abort', () => this.#unsubscribe())
    this.#resync().catch(unexpected)
  }

  /** Forgets what was sent about an application, as when Git overwrites its annotations: it all comes again. */
  forget(key: ApplicationKey): void {
    this.#parts.store.update(key, (application) => {
      if (application.metadata.annotations !== undefined) {
        delete application.metadata.annotations[NOTIFIED_ANNOTATION]
      }
    })
    this.#enqueue(key)
  }

  async #resync(): Promise<void> {
    while (await pause(this.#parts.timing.notificationResyncMs, this.#parts.closing)) {
      for (const application of this.#parts.store.list()) this.#enqueue(keyOf(application))
    }
  }

  #enqueue(key: ApplicationKey): void {
    this.#queue.add(key)
    this.#startWork()
  }

  #startWork(): void {
    if (this.#isWorking || this.#parts.closing.aborted) return
    this.#isWorking = true
    this.#parts.activity
      .during('notifications', () => this.#work())
      .finally(() => {
        this.#isWorking = false
        if (this.#queue.size > 0) this.#startWork()
      })
      .catch(unexpected)
  }

  async #work(): Promise<void> {
    const { timing, closing } = this.#parts
    while (this.#queue.size > 0) {
      if (!(await pause(timing.notificationDelayMs, closing))) return
      const [key] = this.#queue
      if (key === undefined) return
      this.#queue.delete(key)
      const application = this.#parts.store.get(key)
      if (application !== undefined && isRefreshed(application)) await this.#process(application)
    }
  }

  async #process(application: Application): Promise<void> {
    const record = readRecord(application)
    const before = JSON.stringify([...record])
    let isForgotten = false
    for (const { trigger, webhook } of this.#subscriptions(application)) {
      const hasOncePer = !this.#parts.settings.triggersWithoutOncePer.includes(trigger.name)
      const key = recordKey({
        oncePer: hasOncePer ? trigger.oncePer(application) : '',
        trigger: trigger.name,
        condition: trigger.conditionKey,
        service: webhook.name,
      })
      if (!trigger.when(application)) {
        if (!hasOncePer) record.delete(key)
        continue
      }
      if (!markSent(record, key)) continue
      const isSent = await this.#send(application, trigger, webhook)
      if (!isSent && !hasOncePer) record.delete(key)
      if (isSent && this.#parts.random() < this.#parts.traps.duplicateNotifications)
        isForgotten = true
    }
    if (isForgotten) {
      // As if the controller had died between the delivery and the write of the annotation.
      this.#parts.counts.duplicate()
      this.#queue.add(keyOf(application))
      return
    }
    if (JSON.stringify([...record]) === before) return
    this.#parts.store.update(keyOf(application), (draft) => writeRecord(draft, record))
  }

  async #send(application: Application, trigger: Trigger, webhook: Webhook): Promise<boolean> {
    const body = JSON.stringify(notificationBody(webhook.form, application, this.#parts.argocdUrl))
    return await deliver({
      webhook,
      trigger: trigger.name,
      application: keyOf(application),
      body,
      signal: this.#parts.closing,
      onAttempt: (delivery) => this.#parts.counts.delivery(delivery),
    })
  }

  #subscriptions(application: Application): { trigger: Trigger; webhook: Webhook }[] {
    const { settings } = this.#parts
    const wanted = new Map<string, { trigger: Trigger; webhook: Webhook }>()
    const subscribe = (triggerName: string, recipient: string) => {
      const trigger = [...triggers.values()].find(({ name }) => name === triggerName)
      const webhook = settings.webhooks.find(({ name }) => name === recipient)
      if (trigger === undefined || webhook === undefined) return
      wanted.set(`${triggerName} ${recipient}`, { trigger, webhook })
    }
    for (const { selector, triggers: names, recipients } of settings.subscriptions) {
      const matches = parseLabelSelector(selector ?? '')
      if (matches?.(application.metadata.labels ?? {}) !== true) continue
      for (const name of names) for (const recipient of recipients) subscribe(name, recipient)
    }
    for (const annotation of Object.keys(application.metadata.annotations ?? {})) {
      const [, triggerName, recipient] = annotation.match(SUBSCRIBE_ANNOTATION) ?? []
      if (triggerName !== undefined && recipient !== undefined) subscribe(triggerName, recipient)
    }
    return [...wanted.values()]
  }
}

/** The controller skips applications whose status is older than the end of their operation. */
function isRefreshed(application: Application): boolean {
  const { operationState, reconciledAt } = application.status
  if (operationState === undefined) return false
  if (operationState.phase === 'Running' || operationState.phase === 'Terminating') return true
  if (operationState.finishedAt === undefined || reconciledAt === undefined) return false
  return Date.parse(reconciledAt) >= Date.parse(operationState.finishedAt)
}
