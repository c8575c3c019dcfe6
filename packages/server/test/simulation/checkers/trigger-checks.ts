import { strict as assert } from 'node:assert'
import type { StoredEvent } from '../../../src/ports/store.ts'
import type { FileShipyard } from '../shop-files.ts'
import type { Commit, Story } from '../story.ts'
import { isWanted, mayTrigger } from './ends-of-runs.ts'
import { joinsThatFire } from './join-checks.ts'
import { metaOf, type RunLog, runsOf } from './log-of-story.ts'

/**
 * `triggeredOn` fires exactly when its rule says. Written from facts/keptn-v1.md 1.5 and compatibility.md against the shipyard at the run's
 * commit: neither the plan of the run nor the engine's own functions are asked.
 */
export function checkTriggers(story: Story): void {
  const joined = joinsThatFire(story)
  const commitOf = commitsByPosition(story.commits)
  const begun = Map.groupBy(
    story.rows.filter((row) => row.stream.startsWith('run/') && metaOf(row).k === 'start'),
    (row) => commitOf(row.position),
  )
  for (const run of runsOf(story.rows)) {
    const last = run.rows.at(-1)
    if (last?.meta.k !== 'end') continue
    const shipyard = story.shipyardAt(run.start.plan.projectId, run.start.plan.commitId)
    if (shipyard === undefined) continue
    const fired = joined.get(last.row.position) ?? []
    if (fired === 'unclear') continue
    const wanted = [...wantedChildren(run, shipyard), ...fired].sort()
    const same = (begun.get(commitOf(last.row.position)) ?? []).filter((row) => isChildOf(row, run))
    const found = same.map(({ event }) => event.type.split('.').slice(3, 5).join('.')).sort()
    assert.deepEqual(found, wanted, `the end of ${run.stream} (${describe(run)}) triggers`)
  }
}

function wantedChildren(run: RunLog, shipyard: FileShipyard): string[] {
  if (!mayTrigger(run)) return []
  const { stage, sequence } = run.start.plan
  const event = `${stage}.${sequence}.finished`
  return shipyard.spec.stages.flatMap((target) =>
    target.sequences.flatMap((candidate) =>
      (candidate.triggeredOn ?? [])
        // A join is another rule: join-checks.ts.
        .filter((trigger) => trigger.event === event && trigger.and === undefined)
        .filter((trigger) => isWanted(trigger, run))
        .map(() => `${target.name}.${candidate.name}`),
    ),
  )
}

function isChildOf(row: StoredEvent, run: RunLog): boolean {
  const meta = metaOf(row)
  if (meta.k !== 'start' || row.stream === run.stream) return false
  // A child that cannot be planned any more (its stage or service is gone) is refused, and names no parent.
  if (meta.parent !== undefined || !mayTrigger(run)) return meta.parent === run.runId
  // So does one that a join starts: it has several.
  const isOurs = meta.by === 'tiphys'
  const last = run.rows.at(-1)
  return isOurs && row.event.shkeptncontext === last?.row.event.shkeptncontext
}

function describe(run: RunLog): string {
  const end = run.rows.at(-1)?.row.event.data
  return `${run.start.plan.stage}.${run.start.plan.sequence}, ${end?.['status']}, ${end?.['result']}`
}

function commitsByPosition(commits: readonly Commit[]): (position: number) => number {
  const firsts = new Map<number, number>()
  for (const { from, to } of commits) {
    for (let position = from; position <= to; position++) firsts.set(position, from)
  }
  return (position) => firsts.get(position) ?? position
}
