import type { FileShipyard } from '../shop-files.ts'
import type { Story } from '../story.ts'
import { isWanted, mayTrigger } from './ends-of-runs.ts'
import { type RunLog, runsOf } from './log-of-story.ts'

/** A join as this checker follows it (docs/adr/0004): what is wanted, and the latest end of each. */
type Join = {
  readonly events: readonly string[]
  readonly untilMs: number
  readonly fulfilled: Map<string, boolean>
}

/** Every join of these files waits that long. */
const WITHIN_MS = 2 * 60 * 60 * 1000

/** Which sequences start because a join is complete, by the position of the end that completes it. */
export function joinsThatFire(story: Story): ReadonlyMap<number, readonly string[] | 'unclear'> {
  const fired = new Map<number, readonly string[] | 'unclear'>()
  const joins = new Map<string, Join>()
  const ended = runsOf(story.rows)
    .filter((run) => run.rows.at(-1)?.meta.k === 'end' && mayTrigger(run))
    .sort((left, right) => positionOf(left) - positionOf(right))
  for (const run of ended) {
    const shipyard = story.shipyardAt(run.start.plan.projectId, run.start.plan.commitId)
    if (shipyard === undefined) continue
    const position = positionOf(run)
    for (const arrival of arrivalsOf(run, shipyard)) {
      const answer = arrive(joins, run, arrival)
      // Two owners know each other's joins no better than each other's lanes.
      if (answer === 'unclear' || story.swarm.faults.has('two-owners'))
        fired.set(position, 'unclear')
      else if (answer === 'fires') fired.set(position, [...listAt(fired, position), arrival.target])
    }
  }
  return fired
}

type Arrival = {
  readonly target: string
  readonly entry: number
  readonly events: readonly string[]
  readonly event: string
  readonly isFulfilled: boolean
}

function arrivalsOf(run: RunLog, shipyard: FileShipyard): Arrival[] {
  const event = `${run.start.plan.stage}.${run.start.plan.sequence}.finished`
  return shipyard.spec.stages.flatMap((stage) =>
    stage.sequences.flatMap((sequence) =>
      (sequence.triggeredOn ?? []).flatMap((trigger, entry) => {
        if (trigger.and === undefined) return []
        const branch = [trigger, ...trigger.and].find((one) => one.event === event)
        if (branch === undefined) return []
        const events = [trigger.event, ...trigger.and.map((one) => one.event)]
        const target = `${stage.name}.${sequence.name}`
        return [{ target, entry, events, event, isFulfilled: isWanted(branch, run) }]
      }),
    ),
  )
}

function arrive(
  joins: Map<string, Join>,
  run: RunLog,
  arrival: Arrival,
): 'waits' | 'fires' | 'unclear' {
  const { projectId, service } = run.start.plan
  const end = run.rows.at(-1)?.row
  const nowMs = end?.timeMs ?? 0
  const scope = [projectId, end?.event.shkeptncontext, service, arrival.target, arrival.entry]
  const key = JSON.stringify(scope)
  const known = joins.get(key)
  // Whether its time was over before this end came is a matter of who looked first.
  const isUnclear = known !== undefined && nowMs >= known.untilMs
  const join = known ?? { events: arrival.events, untilMs: nowMs + WITHIN_MS, fulfilled: new Map() }
  if (isUnclear) {
    joins.delete(key)
    return 'unclear'
  }
  join.fulfilled.set(arrival.event, arrival.isFulfilled)
  joins.set(key, join)
  if (!join.events.every((event) => join.fulfilled.get(event))) return 'waits'
  joins.delete(key)
  return 'fires'
}

function positionOf(run: RunLog): number {
  return run.rows.at(-1)?.row.position ?? 0
}

function listAt(
  fired: Map<number, readonly string[] | 'unclear'>,
  position: number,
): readonly string[] {
  const known = fired.get(position)
  return known === undefined || known === 'unclear' ? [] : known
}
