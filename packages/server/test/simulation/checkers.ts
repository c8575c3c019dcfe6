import { strict as assert } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import type { RunMeta } from '@tiphys/core/sequence/run-row.ts'
import { foldRun, openRunBook } from '../../src/engine/run-book.ts'
import type { StoredEvent } from '../../src/ports/store.ts'
import { PROJECT_ID } from './simulated-project.ts'
import type { Story } from './world.ts'

/** What must hold of every story, whatever went wrong in it. Throws with the first that does not. */
export function checkStory(story: Story): void {
  const streams = streamsOf(story.rows)
  noHolesInStreams(streams)
  acceptedEventsAreOnDisk(story)
  nothingAfterTheEnd(streams)
  everyOpenRunNamesItsWait(story, streams)
  oneHolderPerLane(streams)
  endsAreFollowed(streams)
  replayEqualsLive(story, streams)
  effectsAreRepeatedOnlyAfterACrash(story)
  keysAreTakenOnce(story)
  builtInTasksAreCarriedOut(streams)
  pausesHold(streams)
}

/** Stories in which nothing is taken keep every rule and say nothing: on average one writes about a hundred rows. */
export function checkThatMuchHappened(rows: number, stories: number): void {
  const fewest = 30 * stories
  assert.ok(
    rows >= fewest,
    `${stories} stories wrote ${rows} rows, and ought to write ${fewest} at least`,
  )
}

type Streams = ReadonlyMap<string, readonly StoredEvent[]>

function streamsOf(rows: readonly StoredEvent[]): Streams {
  const streams = new Map<string, StoredEvent[]>()
  for (const row of rows) {
    const stream = streams.get(row.stream) ?? []
    stream.push(row)
    streams.set(row.stream, stream)
  }
  return streams
}

function runsOf(streams: Streams): (readonly StoredEvent[])[] {
  return [...streams].filter(([name]) => name.startsWith('run/')).map(([, rows]) => rows)
}

const metaOf = (row: StoredEvent) => row.meta as unknown as RunMeta

function noHolesInStreams(streams: Streams): void {
  for (const [name, rows] of streams) {
    for (const [index, row] of rows.entries())
      assert.equal(row.version, index + 1, `${name} has no holes`)
  }
}

function acceptedEventsAreOnDisk(story: Story): void {
  const ids = new Set(story.rows.map((row) => row.event.id))
  for (const id of story.accepted) assert.ok(ids.has(id), `accepted event ${id} is on disk`)
}

function nothingAfterTheEnd(streams: Streams): void {
  for (const rows of runsOf(streams)) {
    const end = rows.findIndex((row) => metaOf(row).k === 'end')
    assert.ok(
      end === -1 || end === rows.length - 1,
      `nothing follows the end of ${rows[0]?.stream}`,
    )
  }
}

/** After three quiet days only people are waited for: an approval, or somebody who paused. */
function everyOpenRunNamesItsWait(story: Story, streams: Streams): void {
  for (const rows of runsOf(streams)) {
    const run = foldRun(rows)
    if (run.phase !== 'open') continue
    const reasons = story.engine
      .why(PROJECT_ID, run.context)
      .filter((reason) => reason.runId === run.runId)
    assert.ok(reasons.length > 0, `open run ${run.runId} says what it waits for`)
    const codes = reasons.map((reason) => reason.code)
    const waitsForPeople = codes.some((code) => ['approval', 'paused', 'lane'].includes(code))
    assert.ok(waitsForPeople, `after three days ${run.runId} still waits for ${codes.join(', ')}`)
    for (const reason of reasons) {
      assert.ok(
        reason.untilMs === undefined || reason.untilMs > story.nowMs,
        `${reason.message}: its time is over`,
      )
    }
  }
}

/** Between the first task and the end of a run no other run triggers a task in its lane, unless it was lent at an approval. */
function oneHolderPerLane(streams: Streams): void {
  const lanes = new Map<string, string[]>()
  const awaiting = new Set<string>()
  const rows = [...streams.values()].flat().sort((left, right) => left.position - right.position)
  const laneOf = new Map<string, string>()
  for (const row of rows) {
    if (!row.stream.startsWith('run/')) continue
    const meta = metaOf(row)
    if (meta.k === 'start') laneOf.set(row.stream, `${meta.plan.stage}/${meta.plan.service}`)
    const lane = laneOf.get(row.stream) ?? ''
    const stack = lanes.get(lane) ?? []
    lanes.set(lane, stack)
    const isApproval = row.event.type === 'sh.keptn.event.approval.triggered'
    if (meta.k === 'task') {
      const top = stack.at(-1)
      assert.ok(!stack.slice(0, -1).includes(row.stream), 'a run below a borrower triggers nothing')
      if (top !== row.stream) {
        assert.ok(
          top === undefined || awaiting.has(top),
          `lane ${lane} is taken by ${top} when ${row.stream} enters`,
        )
        stack.push(row.stream)
      }
      if (isApproval) awaiting.add(row.stream)
    }
    if (meta.k === 'finished' || meta.k === 'expired') awaiting.delete(row.stream)
    if (meta.k === 'end') {
      awaiting.delete(row.stream)
      lanes.set(
        lane,
        stack.filter((one) => one !== row.stream),
      )
    }
  }
}

/** Every end that fires a trigger has its child run in the same story, exactly once. */
function endsAreFollowed(streams: Streams): void {
  const children = new Map<string, number>()
  for (const rows of runsOf(streams)) {
    const first = rows[0] && metaOf(rows[0])
    if (first?.k !== 'start' || first.parent === undefined) continue
    const key = `${first.parent}>${first.plan.stage}.${first.plan.sequence}`
    children.set(key, (children.get(key) ?? 0) + 1)
  }
  for (const [key, count] of children) assert.equal(count, 1, `${key} was triggered once`)
  for (const rows of runsOf(streams)) {
    const run = foldRun(rows)
    if (run.phase !== 'ended' || run.end !== 'completed' || run.plan.stage !== 'dev') continue
    if (run.plan.sequence !== 'delivery') continue
    const expected =
      run.result === 'fail' ? ['dev.rollback'] : ['staging.delivery', 'staging.audit']
    for (const name of expected)
      assert.ok(children.has(`${run.runId}>${name}`), `${run.runId} triggers ${name}`)
  }
}

function replayEqualsLive(story: Story, streams: Streams): void {
  const book = openRunBook(runsOf(streams).filter((rows) => foldRun(rows).phase === 'open'))
  const live = new Map(story.engine.openRunsOf(PROJECT_ID).map((run) => [run.runId, run]))
  assert.deepEqual([...book.runs.keys()].sort(), [...live.keys()].sort(), 'the same runs are open')
  for (const [runId, run] of book.runs) {
    assert.ok(isDeepStrictEqual(run, live.get(runId)), `replaying ${runId} gives the live state`)
  }
}

/** An effect happens once; a crash between doing and noting it may repeat it, which is what "at least once" means. */
function effectsAreRepeatedOnlyAfterACrash(story: Story): void {
  const repeated = [...story.effects.values()].reduce((sum, count) => sum + count - 1, 0)
  assert.ok(
    repeated <= story.crashes * 10,
    `${repeated} effects repeated in ${story.crashes} crashes`,
  )
  if (story.crashes === 0) assert.equal(repeated, 0, 'no effect is repeated without a crash')
}

/** Of all events that were sent with one key, one is in the log. */
function keysAreTakenOnce(story: Story): void {
  const onDisk = new Set(story.rows.map((row) => row.event.id))
  for (const [key, ids] of story.keyed) {
    const taken = ids.filter((id) => onDisk.has(id))
    assert.ok(taken.length <= 1, `key ${key} was taken ${taken.length} times`)
  }
}

/** Our executors need minutes and have hours: one that is not begun again after a restart would miss its deadline. */
function builtInTasksAreCarriedOut(streams: Streams): void {
  for (const rows of runsOf(streams)) {
    const first = rows[0] && metaOf(rows[0])
    for (const row of rows) {
      const meta = metaOf(row)
      if (meta.k !== 'expired' || first?.k !== 'start') continue
      const task = first.plan.tasks[meta.i]
      const isOurs = task?.carrier === 'tiphys' && task.name !== 'approval'
      assert.ok(!isOurs, `${row.stream}: our executor never finished ${task?.name}`)
    }
  }
}

/** Between a pause and its end no task is triggered. */
function pausesHold(streams: Streams): void {
  for (const rows of runsOf(streams)) {
    let isPaused = false
    for (const row of rows) {
      const { k } = metaOf(row)
      if (k === 'paused') isPaused = true
      if (k === 'resumed') isPaused = false
      assert.ok(!(isPaused && k === 'task'), `${row.stream} triggers a task while it is paused`)
    }
  }
}
