import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import { FORGOTTEN, forgottenStream, withoutForgotten } from '../operations/forgotten.ts'
import type { Projection } from '../ports/projections.ts'
import type { StoredEvent } from '../ports/store.ts'
import { correctionsStream, PINNED, RESTORED, UNPINNED } from './corrections.ts'
import {
  type EvaluationDocument,
  evaluationKey,
  evaluationsProjection,
  INVALIDATED,
} from './evaluations.ts'
import { referencesProjection } from './references.ts'

const PROJECT = 'p1'
const INBOX = `inbox:${PROJECT}`
const IDS = ['t1', 't2'] as const
type Id = (typeof IDS)[number]

const evaluations = withoutForgotten(evaluationsProjection)

/** What a list is after these rows. */
function fold(projection: Projection, rows: readonly StoredEvent[]): Map<string, JsonObject> {
  const documents = new Map<string, JsonObject>()
  for (const row of rows) {
    for (const key of new Set(projection.keysOf(row))) {
      const after = projection.fold(documents.get(key), row, key)
      if (after === undefined) documents.delete(key)
      else documents.set(key, after)
    }
  }
  return documents
}

type Draft = { stream: string; type: string; id?: Id; data?: JsonObject; meta?: JsonObject }

function rowOf(draft: Draft, position: number): StoredEvent {
  const { stream, type, id, data = {}, meta = { by: 'ci' } } = draft
  const place = { project: 'shop', stage: 'dev', service: 'carts' }
  return {
    stream,
    version: position,
    position,
    timeMs: position,
    projectId: PROJECT,
    meta,
    event: {
      id: `e${position}`,
      type,
      source: 'test',
      specversion: '1.0',
      time: '',
      ...(id === undefined ? {} : { triggeredid: id }),
      data: { ...place, evaluation: { reason: `because of ${position}` }, ...data },
    },
  }
}

const DRAFTS: Readonly<Record<string, (id: Id) => Draft>> = {
  finish: (id) => ({
    stream: `run/${PROJECT}/r-${id}`,
    type: 'sh.keptn.event.evaluation.finished',
    id,
    meta: { k: 'finished', i: 0, by: 'tiphys' },
  }),
  invalidate: (id) => ({ stream: INBOX, type: INVALIDATED, id }),
  restore: (id) => ({ stream: correctionsStream(PROJECT), type: RESTORED, id }),
  pin: (id) => ({ stream: correctionsStream(PROJECT), type: PINNED, id }),
  unpin: (id) => ({ stream: correctionsStream(PROJECT), type: UNPINNED, id }),
}

type Move =
  | { readonly kind: 'row'; readonly what: string; readonly id: Id }
  /** The oldest rows of the inbox go. What the record carries on was read so many rows ago. */
  | { readonly kind: 'cut'; readonly lag: number }

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('row' as const),
      what: fc.constantFrom(...Object.keys(DRAFTS)),
      id: fc.constantFrom(...IDS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), lag: fc.nat(2) }) },
)

const stories = fc.array(move, { maxLength: 40, size: 'max' })

/** Everything that was ever written, and what is left of it. */
function play(moves: readonly Move[]): { all: StoredEvent[]; left: StoredEvent[] } {
  const all: StoredEvent[] = []
  let left: StoredEvent[] = []
  const write = (draft: Draft) => {
    const row = rowOf(draft, all.length + 1)
    all.push(row)
    left.push(row)
  }
  for (const one of moves) {
    if (one.kind === 'row') {
      const draft = DRAFTS[one.what]
      assert.ok(draft)
      write(draft(one.id))
      continue
    }
    const seen = all.slice(0, Math.max(0, all.length - one.lag))
    const last = seen.at(-1)?.position ?? 0
    const isCut = ({ stream, position }: StoredEvent) =>
      (stream === INBOX || stream === forgottenStream(PROJECT)) && position <= last
    const live = fold(evaluations, seen)
    const invalidated = left.filter(isCut).flatMap(({ event }) => {
      const carried = event.data['invalidated'] as unknown as { key: string }[] | undefined
      const keys = carried?.map(({ key }) => key) ?? [
        evaluationKey(PROJECT, event.triggeredid ?? ''),
      ]
      return keys.flatMap((key) => {
        const document = live.get(key) as unknown as EvaluationDocument | undefined
        return document?.invalidated === undefined
          ? []
          : [{ key, invalidated: document.invalidated }]
      })
    })
    left = left.filter((row) => !isCut(row))
    const record = { reason: 'retention', by: 'x', documents: {}, services: [], invalidated }
    write({
      stream: forgottenStream(PROJECT),
      type: FORGOTTEN,
      data: record as unknown as JsonObject,
    })
  }
  return { all, left }
}

test('whatever is said in whatever order, and whatever of it is deleted, lists folded anew are the live ones', () => {
  fc.assert(
    fc.property(stories, (moves) => {
      const { all, left } = play(moves)
      assert.deepEqual(fold(evaluations, left), fold(evaluations, all))
      assert.deepEqual(fold(referencesProjection, left), fold(referencesProjection, all))
    }),
    { numRuns: 300 },
  )
})

test('an evaluation is taken back by the first who said so since it was last undone', () => {
  fc.assert(
    fc.property(stories, (moves) => {
      const { all } = play(moves)
      const documents = fold(evaluations, all)
      for (const id of IDS) {
        const own = all.filter(({ event }) => event.triggeredid === id)
        const begun = own.findIndex(({ event }) => event.type.endsWith('finished'))
        const undone = own.findLastIndex(({ event }) => event.type === RESTORED)
        const from = Math.max(begun, undone)
        const taken = own.find(({ event }, index) => index > from && event.type === INVALIDATED)
        const document = documents.get(evaluationKey(PROJECT, id)) as EvaluationDocument | undefined
        assert.equal(document === undefined, begun < 0)
        if (document === undefined) continue
        assert.equal(document.invalidated?.eventId, taken?.event.id)
        assert.equal(evaluations.columnsOf(document).state === 'invalidated', taken !== undefined)
      }
    }),
    { numRuns: 300 },
  )
})

test('the last pin of a place holds until it is the one that is lifted', () => {
  fc.assert(
    fc.property(stories, (moves) => {
      const { all } = play(moves)
      let pinned: string | undefined
      for (const { event } of all) {
        if (event.type === PINNED) pinned = event.triggeredid
        if (event.type === UNPINNED && event.triggeredid === pinned) pinned = undefined
      }
      const [reference] = [...fold(referencesProjection, all).values()]
      assert.equal(reference?.['triggeredId'], pinned)
    }),
  )
})

test('only rows of our own streams pin or undo, and a long reason is cut', () => {
  const finish = rowOf({ ...finishOf('t1') }, 1)
  const long = rowOf(
    {
      stream: INBOX,
      type: INVALIDATED,
      id: 't1',
      data: { evaluation: { reason: 'x'.repeat(999) } },
    },
    2,
  )
  const forged = rowOf({ stream: INBOX, type: RESTORED, id: 't1' }, 3)
  const pin = rowOf({ stream: INBOX, type: PINNED, id: 't1' }, 4)
  const document = fold(evaluations, [finish, long, forged]).get(evaluationKey(PROJECT, 't1'))
  const { invalidated } = document as unknown as EvaluationDocument
  assert.equal(invalidated?.reason.length, 500)
  assert.equal(fold(referencesProjection, [finish, pin]).size, 0)
})

function finishOf(id: Id): Draft {
  const finish = DRAFTS['finish']
  assert.ok(finish)
  return finish(id)
}
