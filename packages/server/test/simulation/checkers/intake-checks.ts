import { strict as assert } from 'node:assert'
import type { StoredEvent } from '../../../src/ports/store.ts'
import type { Message } from '../clients.ts'
import type { Story } from '../story.ts'

const TRANSPORT_RETRY_MS = 10 * 60 * 1000

/** What was answered with 200 is a row; what is recognised as a repeat is one row and not two. */
export function checkIntake(story: Story): void {
  const byClientId = Map.groupBy(story.rows, ({ event }) => String(event['tiphysclientid']))
  for (const message of story.messages) {
    const rows = byClientId.get(message.id) ?? []
    acceptedIsOnDisk(story, message, rows)
    if (!story.wasSetBack) repeatsAreOneRow(story, message, rows)
    acceptedHintIsLookedInto(story, message)
  }
  keysAreTakenOnce(story)
}

function acceptedIsOnDisk(story: Story, message: Message, rows: readonly StoredEvent[]): void {
  const { id, type, answers } = message
  for (const { code, eventId, isRepeat, projectId } of answers) {
    if (code !== 'accepted' || story.deleted.has(projectId)) continue
    if (isRepeat) {
      // Of several events with one key another one may have been first.
      const isTaken = rows.length > 0 || message.key !== undefined
      assert.ok(isTaken, `${id} was called a repeat, and nothing like it was ever taken`)
    } else {
      const found = rows.filter(({ event }) => event.id === eventId)
      assert.equal(found.length, 1, `${id} was accepted as ${eventId}, and is in the log`)
      assert.equal(found[0]?.event.type, type)
    }
  }
}

/** Behaviour.md 1: the same id and content within ten minutes is one event, unless it is a `.finished`. */
function repeatsAreOneRow(story: Story, message: Message, rows: readonly StoredEvent[]): void {
  const { faults } = story.swarm
  // A clock that is set between the acceptance and the next try moves the ten minutes.
  if (faults.has('two-owners') || faults.has('clock-forward')) return
  if (message.type.endsWith('.finished')) return
  const ofProject = Map.groupBy(rows, ({ projectId }) => projectId ?? '')
  for (const own of ofProject.values()) {
    for (const [index, row] of own.entries()) {
      const before = own[index - 1]
      const apartMs = row.timeMs - (before?.timeMs ?? Number.NEGATIVE_INFINITY)
      assert.ok(apartMs >= TRANSPORT_RETRY_MS, `${message.id} was taken twice within ${apartMs} ms`)
    }
  }
}

/** Of all events of a project that were sent with one key, one is in the log. */
function keysAreTakenOnce({ rows, messages }: Story): void {
  const keyOf = new Map(messages.map(({ id, key }) => [id, key]))
  const taken = new Map<string, string>()
  for (const { event, projectId } of rows) {
    const key = keyOf.get(String(event['tiphysclientid']))
    if (key === undefined) continue
    const first = taken.get(`${projectId}:${key}`)
    assert.equal(first, undefined, `${key} was taken with ${first} and again with ${event.id}`)
    taken.set(`${projectId}:${key}`, event.id)
  }
}

/** An effect is written with the event it belongs to, and is carried out; again only when a process died beside it. */
function acceptedHintIsLookedInto(story: Story, { answers, type, id }: Message): void {
  if (type !== 'sh.keptn.events.problem') return
  for (const { code, eventId, isRepeat, projectId } of answers) {
    if (code !== 'accepted' || isRepeat || story.deleted.has(projectId)) continue
    const times = story.hints.get(eventId) ?? 0
    assert.ok(times > 0, `the hint ${id} was looked into`)
    const { faults } = story.swarm
    const isExcused = story.crashes > 1 || story.excusedMs > 0 || faults.has('two-owners')
    assert.ok(times === 1 || isExcused, `the hint ${id} was looked into once, not ${times} times`)
  }
}
