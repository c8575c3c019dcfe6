import type { Activity } from '../activity.ts'
import type { Operation } from '../application/application.ts'
import type { ApplicationKey, ApplicationStore } from '../application/application-store.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Random } from '../random.ts'
import type { DesiredStates } from '../render/desired-state.ts'
import type { Timing } from '../timing.ts'
import type { Traps } from '../traps.ts'
import type { EventLog } from './event-log.ts'
import type { Projects } from './projects.ts'

/** What the controller of one application works with. */
export type ApplicationParts = {
  readonly key: ApplicationKey
  readonly store: ApplicationStore
  readonly cluster: Cluster
  readonly desiredStates: DesiredStates
  readonly projects: Projects
  readonly events: EventLog
  readonly activity: Activity
  readonly timing: Timing
  readonly traps: Traps
  readonly random: Random
  /** Fires when the application or the whole simulator goes away. */
  readonly closing: AbortSignal
  /** The text with which the cluster refuses the next apply, if a test asked for that. */
  takeInjectedError(): string | undefined
  /** An operation begins; for the counts. */
  onOperationStarted(operation: Operation): void
}
