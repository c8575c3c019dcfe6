import { strict as assert } from 'node:assert'
import type { StoredEvent } from '../../../src/ports/store.ts'
import type { FileShipyard } from '../shop-files.ts'
import type { Commit, Story } from '../story.ts'
import { metaOf, type RunLog, runsOf } from './log-of-story.ts'

/**
 * `triggeredOn` fires exactly when its rule says. Written from facts/keptn-v1.md 1.5 and compatibility.md against the shipyard at the run's
 * commit: neither the plan of the run nor the engine's own functions are asked.
 */
export function checkTriggers(story: Story): void {
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
    const wanted = wantedChildren(run, shipyard).sort()
    const same = (begun.get(commitOf(last.row.position)) ?? []).filter((row) => isChildOf(row, run))
    const found = same.map(({ event }) => event.type.split('.').slice(3, 5).join('.')).sort()
    assert.deepEqual(found, wanted, `the end of ${run.stream} (${describe(run)}) triggers`)
  }
}

function wantedChildren(run: RunLog, shipyard: FileShipyard): string[] {
  const end = run.rows.at(-1)
  if (end?.meta.k !== 'end') return []
  const triggeredTasks = run.rows.filter(({ meta }) => meta.k === 'task')
  // Abort, supersede, and an approval that nobody answered trigger nothing (behaviour.md 3).
  if (triggeredTasks.length === 0 || wasStopped(run)) return []
  const result = String(end.row.event.data['result'])
  const results = resultsOfTasks(run)
  const { stage, sequence } = run.start.plan
  const event = `${stage}.${sequence}.finished`
  return shipyard.spec.stages.flatMap((target) =>
    target.sequences.flatMap((candidate) =>
      (candidate.triggeredOn ?? [])
        .filter((trigger) => trigger.event === event)
        .filter(({ selector }) => holds(selector?.match, result, results))
        .map(() => `${target.name}.${candidate.name}`),
    ),
  )
}

function wasStopped(run: RunLog): boolean {
  const end = run.rows.at(-1)
  if (end?.row.event.data['status'] === 'aborted') return !endsByItsLastTask(run)
  const before = run.rows.at(-2)
  const isApproval = before?.row.event.type === 'sh.keptn.event.approval.finished'
  return before?.meta.k === 'expired' && isApproval
}

/** A service may say `aborted` of its own task: that is an end like any other, unless it failed too: then somebody replaced it. */
function endsByItsLastTask(run: RunLog): boolean {
  const before = run.rows.at(-2)
  return before?.meta.k === 'finished' && run.rows.at(-1)?.row.event.data['result'] !== 'fail'
}

function resultsOfTasks(run: RunLog): ReadonlyMap<string, string> {
  const results = new Map<string, string>()
  const open = new Map<string, { started: number; results: string[]; statuses: string[] }>()
  for (const { row, meta } of run.rows) {
    const id = row.event.triggeredid ?? ''
    if (meta.k === 'task') open.set(row.event.id, { started: 0, results: [], statuses: [] })
    const task = open.get(id)
    if (task === undefined) continue
    if (meta.k === 'started') task.started++
    if (meta.k !== 'finished' && meta.k !== 'expired') continue
    task.results.push(String(row.event.data['result']))
    task.statuses.push(String(row.event.data['status']))
    if (meta.k === 'finished' && task.results.length < Math.max(1, task.started)) continue
    const name = row.event.type.split('.')[3] ?? ''
    results.set(name, meta.k === 'expired' ? 'fail' : worst(task))
  }
  return results
}

function worst({ results, statuses }: { results: string[]; statuses: string[] }): string {
  const isKnown = statuses.every((status) => ['succeeded', 'errored', 'aborted'].includes(status))
  if (!isKnown || results.some((result) => !['pass', 'warning'].includes(result))) return 'fail'
  return results.includes('warning') ? 'warning' : 'pass'
}

function holds(
  match: Readonly<Record<string, string>> | undefined,
  result: string,
  tasks: ReadonlyMap<string, string>,
): boolean {
  if (match === undefined) return result === 'pass' || result === 'warning'
  return Object.entries(match).every(([key, word]) => {
    const wanted = word === 'failed' ? 'fail' : word
    return key === 'result' ? result === wanted : tasks.get(key.replace(/\.result$/, '')) === wanted
  })
}

function isChildOf(row: StoredEvent, run: RunLog): boolean {
  const meta = metaOf(row)
  if (meta.k !== 'start' || row.stream === run.stream) return false
  // A child that cannot be planned any more (its stage or service is gone) is refused, and names no parent.
  if (meta.parent !== undefined || run.start.plan.tasks.length === 0)
    return meta.parent === run.runId
  const isOurs = meta.by === 'tiphys' && meta.plan.tasks.length === 0
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
