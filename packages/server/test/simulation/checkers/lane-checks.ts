import { strict as assert } from 'node:assert'
import type { StoredEvent } from '../../../src/ports/store.ts'
import type { Story } from '../story.ts'
import { metaOf, type StartMeta } from './log-of-story.ts'

/** A run in its lane, as this checker follows it. */
type Holder = {
  readonly stream: string
  readonly sequence: string
  readonly queue: string
  isAtApproval: boolean
}

/**
 * One holder per lane from its first task to its end; at an approval it lends the lane as the stage's queue says, and triggers nothing
 * until it has it back (behaviour.md 2).
 */
export function checkLanes(story: Story): void {
  // Lanes are folded by one owner; two of them hold only what versions hold.
  if (story.swarm.faults.has('two-owners')) return
  const lanes = new Map<string, Holder[]>()
  const starts = new Map<string, StartMeta>()
  for (const row of inOrderOfDecision(story)) {
    if (!row.stream.startsWith('run/')) continue
    const meta = metaOf(row)
    if (meta.k === 'start') starts.set(row.stream, meta)
    const plan = starts.get(row.stream)?.plan
    if (plan === undefined) continue
    const key = `${plan.projectId}/${plan.stage}/${plan.service}`
    const stack = lanes.get(key) ?? []
    lanes.set(key, stack)
    const own = stack.find(({ stream }) => stream === row.stream)
    if (meta.k === 'task') {
      const isAtApproval = row.event.type === 'sh.keptn.event.approval.triggered'
      const { sequence, queue } = plan
      if (own === undefined) {
        mayEnter(key, stack.at(-1), { stream: row.stream, sequence })
        stack.push({ stream: row.stream, sequence, queue, isAtApproval })
      } else {
        assert.equal(
          own,
          stack.at(-1),
          `${row.stream} triggers a task in ${key} while it lends the lane`,
        )
        own.isAtApproval = isAtApproval
      }
    }
    if (own !== undefined && (meta.k === 'finished' || meta.k === 'expired'))
      own.isAtApproval = false
    if (meta.k === 'end')
      lanes.set(
        key,
        stack.filter(({ stream }) => stream !== row.stream),
      )
  }
}

function mayEnter(
  lane: string,
  holder: Holder | undefined,
  newer: { readonly stream: string; readonly sequence: string },
): void {
  if (holder === undefined) return
  assert.ok(holder.isAtApproval, `${lane} is held by ${holder.stream} when ${newer.stream} enters`)
  assert.notEqual(holder.queue, 'hold', `${lane} is not lent: its stage says hold`)
  const supersedes = holder.queue === 'supersede' && holder.sequence === newer.sequence
  assert.ok(!supersedes, `${newer.stream} ends the older ${holder.stream} before it enters ${lane}`)
}

/** A commit writes stream by stream: the end that makes room for somebody may stand behind what it made room for. */
function inOrderOfDecision({ rows, commits }: Story): StoredEvent[] {
  const byPosition = new Map(rows.map((row) => [row.position, row]))
  const isEnd = (row: StoredEvent) => row.stream.startsWith('run/') && metaOf(row).k === 'end'
  return commits.flatMap(({ from, to }) => {
    const own: StoredEvent[] = []
    for (let position = from; position <= to; position++) {
      const row = byPosition.get(position)
      if (row !== undefined) own.push(row)
    }
    // A run that begins and ends in one commit never held the lane.
    const ends = own.filter((row) => isEnd(row) && row.version > 1)
    const leaves = ends.filter(
      ({ stream }) => !own.some((row) => row.stream === stream && metaOf(row).k === 'start'),
    )
    return [
      ...leaves.filter((row) => isFirstOfStream(own, row)),
      ...own.filter((row) => !leaves.includes(row) || !isFirstOfStream(own, row)),
    ]
  })
}

/** Whether nothing of its stream comes before it in its commit. */
function isFirstOfStream(commit: readonly StoredEvent[], row: StoredEvent): boolean {
  return commit.find(({ stream }) => stream === row.stream) === row
}
