import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createContextDeletion } from '../../src/operations/delete-context.ts'
import { evaluationKey } from '../../src/projections/evaluations.ts'
import {
  assertRebuildsEqual,
  aWorld,
  correct,
  EVALUATION,
  finish,
  send,
  trigger,
  type World,
} from './retention-world.ts'

type Move =
  | {
      readonly kind: 'deliver' | 'judge'
      readonly service: 'carts' | 'orders'
      readonly again: boolean
    }
  | { readonly kind: 'finish'; readonly result: 'pass' | 'fail'; readonly which: number }
  | { readonly kind: 'invalidate' | 'delete'; readonly which: number }
  | { readonly kind: 'correct'; readonly which: number; readonly how: (typeof CORRECTIONS)[number] }
  | { readonly kind: 'noise' | 'retain' }

const CORRECTIONS = [
  ['POST', 'invalidation'],
  ['DELETE', 'invalidation'],
  ['POST', 'pin'],
  ['DELETE', 'pin'],
] as const

const which = fc.nat({ max: 20 })
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('deliver' as const, 'judge' as const),
      service: fc.constantFrom('carts' as const, 'orders' as const),
      again: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('finish' as const),
      result: fc.constantFrom('pass' as const, 'fail' as const),
      which,
    }),
  },
  fc.record({ kind: fc.constantFrom('invalidate' as const, 'delete' as const), which }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('correct' as const),
      which,
      how: fc.constantFrom(...CORRECTIONS),
    }),
  },
  fc.record({ kind: fc.constantFrom('noise' as const, 'retain' as const) }),
)

/** The context that deployed goes first, and takes none of the last events of its service with it. */
const DEPLOYED_BEFORE_THE_LAST_EVENT: Move[] = [
  { kind: 'deliver', service: 'carts', again: false },
  { kind: 'finish', result: 'pass', which: 0 },
  { kind: 'deliver', service: 'carts', again: false },
  { kind: 'finish', result: 'fail', which: 0 },
  { kind: 'delete', which: 3 },
  { kind: 'deliver', service: 'orders', again: false },
  { kind: 'deliver', service: 'orders', again: false },
  { kind: 'deliver', service: 'orders', again: false },
  { kind: 'deliver', service: 'orders', again: false },
]

test('whatever happened and whatever was deleted, lists folded from what is left are the live ones', async (t) => {
  let gone = 0
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 5, maxLength: 30 }), async (moves) => {
      const world = await aWorld(t)
      await playMoves(world, moves)
      gone += (await world.retain(5_000)).contexts
      await assertRebuildsEqual(world)
      await assertReferencesStay(world)
    }),
    { numRuns: 25, examples: [[DEPLOYED_BEFORE_THE_LAST_EVENT]] },
  )
  assert.ok(gone > 0, 'stories in which nothing is ever deleted show nothing')
})

/** What is pinned is never deleted, however old it is. */
async function assertReferencesStay({ projections }: World): Promise<void> {
  const { references = {}, evaluations = {} } = await projections.dump()
  for (const one of Object.values(references)) {
    const key = evaluationKey(String(one['projectId']), String(one['triggeredId']))
    assert.ok(evaluations[key], 'the reference was deleted')
  }
}

async function playMoves(world: World, moves: readonly Move[]): Promise<void> {
  const { house, projections, projectId } = world
  const contexts: string[] = []
  const evaluations: string[] = []
  const shared = { ...house, projections, newId: () => randomUUID() }
  const deleteContext = createContextDeletion({ ...shared, clock: { nowMs: () => Date.now() } })
  const dataOf = (service: string) => ({ project: 'shop', stage: 'dev', service })
  let days = 31
  for (const made of moves) {
    switch (made.kind) {
      case 'deliver':
      case 'judge': {
        const { kind, service, again } = made
        const known = again ? contexts.at(-1) : undefined
        const context = known === undefined ? {} : { context: known }
        contexts.push(
          await trigger(world, kind, { service, image: `a:${contexts.length}`, ...context }),
        )
        break
      }
      case 'finish': {
        const open = house.engine.openTriggered({ projectId })
        const task = open[made.which % Math.max(1, open.length)]
        if (task?.shkeptncontext === undefined) break
        const isEvaluation = task.type.includes('evaluation')
        const evaluation = isEvaluation ? { evaluation: EVALUATION } : {}
        await finish(world, task.shkeptncontext, { result: made.result, ...evaluation })
        if (isEvaluation) evaluations.push(task.id)
        break
      }
      case 'invalidate': {
        const triggeredid = evaluations[made.which % Math.max(1, evaluations.length)]
        if (triggeredid === undefined) break
        const type = 'sh.keptn.event.evaluation.invalidated'
        await send(world, { type, source: 'test', triggeredid, data: dataOf('carts') })
        break
      }
      case 'correct': {
        const triggeredId = evaluations[made.which % Math.max(1, evaluations.length)]
        if (triggeredId === undefined) break
        const [how, what] = made.how
        const status = await correct(world, how, triggeredId, what)
        // What was never evaluated or is deleted is not found; what does not count is not pinned.
        assert.ok([200, 404, 409].includes(status), String(status))
        break
      }
      case 'delete': {
        const context = contexts[made.which % Math.max(1, contexts.length)]
        if (context === undefined) break
        await deleteContext({ projectId, context, reason: 'request', by: 'ada' })
        break
      }
      case 'noise': {
        const data = { ...dataOf('orders'), status: 'succeeded', result: 'pass' }
        const type = 'sh.keptn.event.scan.finished'
        await send(world, { type, source: 'test', triggeredid: randomUUID(), data })
        break
      }
      case 'retain':
        await world.retain(days)
        days += 31
        break
    }
  }
}
