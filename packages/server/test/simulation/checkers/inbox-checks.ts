import { strict as assert } from 'node:assert'
import type { StoredEvent } from '../../../src/ports/store.ts'
import type { Story } from '../story.ts'
import { metaOf } from './log-of-story.ts'

type Waiting = {
  readonly stream: string
  readonly name: string
  readonly carrier: string
  started: number
  finished: number
}

/** No answer to an open task lies in the inbox instead: whoever got a 200 was heard. */
export function checkInbox({ rows, swarm }: Story): void {
  // A second owner does not know what the first one waits for.
  if (swarm.faults.has('two-owners')) return
  const open = new Map<string, Waiting>()
  const carriers = new Map<string, readonly string[]>()
  for (const row of rows) {
    if (row.stream.startsWith('run/')) follow(open, carriers, row)
    if (!row.stream.startsWith('inbox')) continue
    const task = open.get(row.event.triggeredid ?? '')
    const [, , , name, ...action] = row.event.type.split('.')
    if (task === undefined || task.name !== name) continue
    const isKnown = ['started', 'finished', 'status.changed'].includes(action.join('.'))
    const mayAnswer = task.carrier !== 'tiphys' || (name === 'approval' && action[0] === 'finished')
    assert.ok(!(isKnown && mayAnswer), `${row.event.type} ${row.event.id} was lost in the inbox`)
  }
}

function follow(
  open: Map<string, Waiting>,
  carriers: Map<string, readonly string[]>,
  row: StoredEvent,
): void {
  const meta = metaOf(row)
  const id = row.event.triggeredid ?? ''
  const task = open.get(id)
  if (meta.k === 'start')
    carriers.set(
      row.stream,
      meta.plan.tasks.map(({ carrier }) => carrier),
    )
  if (meta.k === 'task') {
    const name = row.event.type.split('.')[3] ?? ''
    const carrier = carriers.get(row.stream)?.[meta.i] ?? ''
    open.set(row.event.id, { stream: row.stream, name, carrier, started: 0, finished: 0 })
  }
  if (meta.k === 'started' && task !== undefined) task.started++
  if (meta.k === 'finished' && task !== undefined) {
    task.finished++
    if (task.finished >= Math.max(1, task.started)) open.delete(id)
  }
  if (meta.k === 'expired') open.delete(id)
  if (meta.k !== 'end') return
  for (const [key, one] of open) if (one.stream === row.stream) open.delete(key)
}
