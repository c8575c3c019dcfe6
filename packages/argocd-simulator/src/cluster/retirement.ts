import type { Activity } from '../activity.ts'
import { pause } from '../time.ts'
import { unexpected } from '../unexpected.ts'
import type { Replica } from './replica.ts'

/** Requests chosen for the old process in the moment of the switch have this long to arrive there. */
const SWITCH_GRACE_MS = 50

/** Processes that are not wanted any more, until they have ended. */
export class Retirement {
  readonly #activity: Activity
  readonly #drainMs: number
  readonly #stops = new Set<Promise<void>>()

  constructor(activity: Activity, drainMs: number) {
    this.#activity = activity
    this.#drainMs = drainMs
  }

  /** Ends a process, after the requests that may still be on their way to it. */
  add(replica: Replica | undefined): void {
    if (replica === undefined) return
    const stopping = this.#activity
      .during('end of a process', async () => {
        await pause(SWITCH_GRACE_MS, new AbortController().signal)
        await replica.stop(this.#drainMs)
      })
      .finally(() => this.#stops.delete(stopping))
    this.#stops.add(stopping)
    stopping.catch(unexpected)
  }

  /** Resolves when all of them have ended. */
  async done(): Promise<void> {
    await Promise.all(this.#stops)
  }
}
