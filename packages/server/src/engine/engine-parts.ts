import type { SubscribersOf } from '@tiphys/core/sequence/why.ts'
import type { TaskExecutor } from '../executors/executor.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store, StoredEvent } from '../ports/store.ts'
import type { Projects } from '../projects/projects.ts'
import type { IsSubscribed } from './planner.ts'
import type { ProjectSnapshot } from './project-snapshot.ts'

/** What an engine is made of. */
export type EngineParts = {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly projects: Projects
  /** The newest configuration that is loaded, at once; runs of a project that has none wait for it. */
  readonly loadedSnapshot: (projectId: string) => ProjectSnapshot | undefined
  readonly executors: readonly TaskExecutor[]
  readonly isSubscribed: IsSubscribed
  /** Who is subscribed now, for the waiting list; left out: nobody. */
  readonly subscribersOf?: SubscribersOf
  /** Sees every committed row, in order; must not throw. */
  readonly onCommitted?: (rows: readonly StoredEvent[]) => void
  /** Called when the outbox may have something new. */
  readonly onEffects?: () => void
}
