import { strict as assert } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import { foldRun, openRunBook } from '../../../src/engine/run-book.ts'
import type { Story } from '../story.ts'
import { metaOf, runsOf, streamsOf } from './log-of-story.ts'

/** Streams have no holes, nothing follows the end of a run, ids are unique. */
export function checkStreams({ rows }: Story): void {
  const ids = new Set<string>()
  for (const { event, stream } of rows) {
    assert.ok(!ids.has(event.id), `${event.id} is in the log once (again in ${stream})`)
    ids.add(event.id)
  }
  for (const [name, own] of streamsOf(rows)) {
    for (const [index, row] of own.entries()) {
      assert.equal(row.version, index + 1, `${name} has no holes`)
    }
    const end = own.findIndex((row) => name.startsWith('run/') && metaOf(row).k === 'end')
    assert.ok(end === -1 || end === own.length - 1, `nothing follows the end of ${name}`)
  }
}

/** Folding the log gives what the engine has in memory, and folded lists are those that are rebuilt. */
export function checkReplay({ rows, open, live, rebuilt }: Story): void {
  const streams = [...streamsOf(rows)].filter(([name]) => name.startsWith('run/'))
  const book = openRunBook(
    streams.map(([, own]) => own).filter((own) => foldRun(own).phase === 'open'),
  )
  const inMemory = new Map(open.map((run) => [run.runId, run]))
  assert.deepEqual(
    [...book.runs.keys()].sort(),
    [...inMemory.keys()].sort(),
    'the same runs are open',
  )
  for (const [runId, run] of book.runs) {
    const same = isDeepStrictEqual(run, inMemory.get(runId))
    assert.ok(same, `replaying ${runId} gives the live state`)
  }
  assert.deepEqual(
    withoutEmpty(rebuilt),
    withoutEmpty(live),
    'lists that are folded anew are those that were kept',
  )
}

/** A list that lost its last document is as good as one that never had any. */
function withoutEmpty(lists: Story['live']): Story['live'] {
  return Object.fromEntries(
    Object.entries(lists).filter(([, documents]) => Object.keys(documents).length > 0),
  )
}

/** After three quiet days only people are waited for, and after as long as anything may take nobody is. */
export function checkWaiting({ open, reasons, nowMs, neverEnding }: Story): void {
  for (const run of open) {
    const own = reasons.filter(({ runId }) => runId === run.runId)
    assert.ok(own.length > 0, `open run ${run.runId} says what it waits for`)
    const codes = own.map(({ code }) => code)
    const waitsForPeople = codes.some((code) => ['approval', 'paused', 'lane'].includes(code))
    assert.ok(waitsForPeople, `after three days ${run.runId} still waits for ${codes.join(', ')}`)
    for (const { message, untilMs, resolvedBy } of own) {
      assert.ok(untilMs === undefined || untilMs > nowMs, `${message}: its time is over`)
      assert.ok(untilMs !== undefined || resolvedBy !== '', `${message}: until when, or for whom?`)
    }
  }
  assert.deepEqual(neverEnding, [], 'every run ends')
}

/** Between a pause and its end no task is triggered. */
export function checkPauses({ rows }: Story): void {
  for (const run of runsOf(rows)) {
    let isPaused = false
    for (const { meta } of run.rows) {
      if (meta.k === 'paused') isPaused = true
      if (meta.k === 'resumed') isPaused = false
      assert.ok(
        !(isPaused && meta.k === 'task'),
        `${run.stream} triggers a task while it is paused`,
      )
    }
  }
}
