import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { createArgoCdClient } from '../../src/adapters/argocd/client.ts'
import { annotateEffect, createAnnotator } from '../../src/argocd/annotate.ts'
import type { EffectRow } from '../../src/ports/store.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'
import { eventually, IMAGE, QUIET } from './argocd-world.ts'
import { openEngineWorld } from './engine-world.ts'
import { type SeenRequest, type StubAnswer, startStub } from './stub-server.ts'

const VERDICT = { 'tiphys.dev/verdict': 'pass' }

const application = (
  annotations: Record<string, string>,
  spec: Record<string, unknown> = { project: 'shop' },
) => ({ metadata: { name: 'carts', namespace: 'argocd', uid: 'u-1', annotations }, spec })

const AUTHORIZED = { 'tiphys.dev/authorized': 'shop:dev' }

function effect(attempts = 0): EffectRow {
  const annotation = {
    instance: 'default',
    application: { name: 'carts', project: 'shop' },
    uid: 'u-1',
    project: 'shop',
    stage: 'dev',
    annotations: VERDICT,
  }
  return { ...annotateEffect('run-1', annotation, 'p-1'), attempts }
}

/** Answers GETs in order, the last one again and again, and remembers the patches. */
async function carryOut(gets: StubAnswer[], row = effect()) {
  const patches: unknown[] = []
  const warnings: string[] = []
  await using stub = await startStub((request: SeenRequest) => {
    if (request.method === 'PATCH') {
      patches.push(JSON.parse(JSON.parse(request.body).patch))
      return { status: 200, body: application(AUTHORIZED) }
    }
    return (gets.length > 1 ? gets.shift() : gets[0]) ?? { status: 500, body: '' }
  })
  const connection = { name: 'default', url: stub.url, token: 't' }
  const argocd = createArgoCdClient({ connection, clock: virtualClock(0) })
  const handler = createAnnotator({
    argocd: { names: () => ['default'], get: () => argocd },
    log: { ...QUIET, warn: (_data: object, message: string) => void warnings.push(message) },
  })
  const outcome = await handler(row, new AbortController().signal)
  return { outcome, patches, warnings }
}

const answer = (body: unknown): StubAnswer => ({ status: 200, body })

test('a verdict is written once, and not again when it stands there', async () => {
  const after = answer(application({ ...AUTHORIZED, ...VERDICT }))
  const first = await carryOut([answer(application(AUTHORIZED)), after])
  assert.deepEqual(first.patches, [{ metadata: { annotations: VERDICT } }])
  assert.deepEqual([first.outcome, first.warnings], [{ code: 'done' }, []])
  assert.deepEqual((await carryOut([after])).patches, [])
})

test('without the opt-in, or for another application of that name, nothing is written', async () => {
  for (const annotations of [{}, { 'tiphys.dev/authorized': 'shop:prod' }]) {
    const { patches, outcome } = await carryOut([answer(application(annotations))])
    assert.deepEqual([patches, outcome], [[], { code: 'done' }])
  }
  const other = application(AUTHORIZED)
  other.metadata.uid = 'u-2'
  assert.deepEqual((await carryOut([answer(other)])).patches, [])
})

test('what our write took back of somebody else’s is restored once, and said', async () => {
  const before = application({ ...AUTHORIZED, team: 'blue' }, { project: 'shop', revision: 'new' })
  const after = application(
    { ...AUTHORIZED, ...VERDICT, stray: 'x' },
    { project: 'shop', revision: 'old' },
  )
  const { patches, warnings } = await carryOut([answer(before), answer(after)])
  assert.deepEqual(patches, [
    { metadata: { annotations: VERDICT } },
    { metadata: { annotations: { team: 'blue', stray: null } }, spec: { revision: 'new' } },
  ])
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /^write raced: application carts .* and was restored$/)
})

test('marks that Argo CD sets by itself are nobody’s change', async () => {
  const before = application({ ...AUTHORIZED, 'argocd.argoproj.io/refresh': 'normal' })
  const after = application({
    ...AUTHORIZED,
    ...VERDICT,
    'notified.notifications.argoproj.io': '{}',
  })
  assert.equal((await carryOut([answer(before), answer(after)])).patches.length, 1)
})

test('an Argo CD that is away is tried again for an hour, one that refuses is not', async () => {
  const away: StubAnswer = { status: 503, body: '' }
  assert.equal((await carryOut([away])).outcome.code, 'again')
  assert.equal((await carryOut([away], effect(60))).outcome.code, 'done')
  const refused: StubAnswer = { status: 403, body: { code: 7, message: 'permission denied' } }
  const { outcome, warnings } = await carryOut([refused])
  assert.equal(outcome.code, 'done')
  assert.match(warnings[0] ?? '', /permission denied/)
})

describe('verdicts on applications', { concurrency: 2 }, () => {
  test('a stage that says so gets its verdict written, once, also over a restart', async () => {
    await using world = await openEngineWorld({ observe: false, stage: { annotate: true } })
    await world.trigger('delivery', `${IMAGE}:1.1.0`)
    const annotations = () => world.simulator.application('carts').metadata.annotations ?? {}
    await eventually(() => annotations()['tiphys.dev/verdict'] !== undefined)
    assert.equal(annotations()['tiphys.dev/verdict'], 'pass')
    assert.equal(annotations()['tiphys.dev/verdict-revision'], await world.repository.head())
    assert.equal(annotations()['tiphys.dev/verdict-context'], 'context-0')
    assert.equal(
      annotations()['link.argocd.argoproj.io/tiphys-verdict'],
      'https://tiphys.example.com/bridge/project/shop/sequence/context-0/stage/dev',
    )
    await world.restart()
    await world.trigger('delivery', `${IMAGE}:1.2.0-bad`)
    await eventually(() => annotations()['tiphys.dev/verdict'] === 'fail')
    await world.untilEnded(3)
    await world.simulator.settled()
    const patched = world.simulator.counts().requests['PATCH /api/v1/applications/{name} 200']
    assert.equal(patched, 2, 'one write per verdict')
    assert.equal(annotations()['tiphys.dev/authorized'], 'shop:dev')
  })

  test('a stage that does not say so is left alone', async () => {
    await using world = await openEngineWorld({ observe: false })
    await world.trigger('delivery', `${IMAGE}:1.1.0`)
    await world.untilEnded(1)
    await world.simulator.settled()
    const { annotations } = world.simulator.application('carts').metadata
    assert.deepEqual(Object.keys(annotations ?? {}), ['tiphys.dev/authorized'])
  })
})
