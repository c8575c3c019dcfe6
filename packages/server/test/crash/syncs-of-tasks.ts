import type { SimulatorCounts } from '@tiphys/argocd-simulator/counts.ts'
import type { StoredEvent } from '../../src/ports/store.ts'

/** What Argo CD was asked for each deployment task, held against what the server knew of it. */
export type SyncCount = {
  /** Ids of the `deployment.triggered` events. */
  readonly tasks: readonly string[]
  readonly accepted: number
  /** Syncs whose run or task is none of ours. */
  readonly strange: number
  readonly without: readonly string[]
  readonly repeated: readonly string[]
  /** Accepted, but the server was killed before it noted so: it recognised them when it looked again. */
  readonly recognised: readonly string[]
}

const DEPLOYMENT_TRIGGERED = 'sh.keptn.event.deployment.triggered'
const SYNC_ACCEPTED = 'dev.tiphys.deployment.sync-accepted'

export function countSyncs(log: readonly StoredEvent[], counts: SimulatorCounts): SyncCount {
  const triggered = log.filter(({ event }) => event.type === DEPLOYMENT_TRIGGERED)
  const tasks = triggered.map(({ event }) => event.id)
  // A run of this story has one deployment.
  const noted = new Set(
    log.filter(({ event }) => event.type === SYNC_ACCEPTED).map(({ stream }) => stream),
  )
  const syncs = new Map<string, number>(tasks.map((task) => [task, 0]))
  let strange = 0
  for (const { operations } of Object.values(counts.applications)) {
    for (const { info } of operations) {
      const task = info.find(({ name }) => name === 'triggeredid')?.value ?? ''
      const known = syncs.get(task)
      if (known === undefined) strange += 1
      else syncs.set(task, known + 1)
    }
  }
  const accepted = Object.values(counts.applications).reduce(
    (sum, one) => sum + one.syncsAccepted,
    0,
  )
  return {
    tasks,
    accepted,
    strange,
    without: tasks.filter((task) => syncs.get(task) === 0),
    repeated: tasks.filter((task) => (syncs.get(task) ?? 0) > 1),
    recognised: triggered
      .filter(({ event, stream }) => syncs.get(event.id) !== 0 && !noted.has(stream))
      .map(({ event }) => event.id),
  }
}
