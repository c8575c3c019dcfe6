import type { Actor } from '../intake/actor.ts'
import type {
  Integration,
  RegistrationWish,
  Subscription,
  SubscriptionWish,
} from '../integrations/integration.ts'
import type { LogEntry, LogFilter } from '../integrations/integration-logs.ts'

/** What the integration routes need of whoever keeps registrations. Everything is on disk when a promise resolves. */
export type IntegrationsPart = {
  /** Those that are not expired and that the actor may know of, by name; their filters cut to the actor's projects. */
  list(actor: Actor): readonly Integration[]
  register(
    wish: RegistrationWish,
    actor: Actor,
  ): Promise<{ readonly code: 'created' | 'known'; readonly id: string } | IntegrationRefusal>
  /** A sign of life; what is answered tells the service what to listen to. */
  ping(id: string, actor: Actor): Promise<Found | IntegrationRefusal>
  /** Whoever may not have it gets the reason; nothing there is fine. */
  unregister(id: string, actor: Actor): Promise<{ readonly code: 'gone' } | IntegrationRefusal>
  find(id: string, actor: Actor): Found | IntegrationRefusal
  /** Adds, or replaces when the id is known. */
  subscribe(
    id: string,
    wish: SubscriptionWish,
    actor: Actor,
    subscriptionId?: string,
  ): Promise<
    { readonly code: 'subscribed'; readonly subscription: Subscription } | IntegrationRefusal
  >
  unsubscribe(
    id: string,
    subscriptionId: string,
    actor: Actor,
  ): Promise<{ readonly code: 'gone' } | IntegrationRefusal>
  /** Whether the sign of life of a registered integration is overdue. */
  isSilent(integration: Integration): boolean
  readonly logs: {
    append(entries: readonly Omit<LogEntry, 'key'>[]): Promise<void>
    /** Newest first. */
    list(filter: LogFilter): readonly LogEntry[]
    delete(filter: LogFilter): Promise<void>
  }
}

export type Found = { readonly code: 'found'; readonly integration: Integration }

export type IntegrationRefusal = {
  readonly code: 'invalid' | 'not-found' | 'forbidden'
  readonly message: string
}
