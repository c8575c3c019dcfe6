import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { AuditPage } from '@tiphys/contract/http/native-audit.ts'
import {
  EvaluationPage,
  EvaluationReferencePage,
  ListedEvaluation,
} from '@tiphys/contract/http/native-evaluation.ts'
import { base64, type House, startHouse } from './house.ts'

const EVALUATIONS = '/api/tiphys/v1/evaluations'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: dev
      sequences:
        - name: judge
          tasks:
            - { name: evaluation, properties: { executor: external } }
`

const INDICATOR = {
  score: 1,
  value: { metric: 'rt', value: 5, success: true },
  displayName: '',
  passTargets: [],
  warningTargets: null,
  keySli: false,
  status: 'pass',
}

const EVALUATION = {
  timeStart: '2026-01-01T00:00:00.000Z',
  timeEnd: '2026-01-01T00:05:00.000Z',
  result: 'pass',
  score: 100,
  sloFileContent: '',
  indicatorResults: [INDICATOR],
  comparedEvents: [],
}

describe('correcting evaluations', () => {
  let house: House
  before(async () => {
    house = await startHouse()
    const shop = { name: 'shop', shipyard: base64(SHIPYARD) }
    await send('POST', '/api/controlPlane/v1/project', { body: shop })
    for (const serviceName of ['cart', 'search', 'ledger']) {
      const path = '/api/controlPlane/v1/project/shop/service'
      await send('POST', path, { body: { serviceName } })
    }
  })
  after(() => house.close())

  const send: House['api']['send'] = (...args) => house.api.send(...args)

  /** One evaluation by somebody the task was left to; its triggered id. */
  async function evaluated(service = 'cart', evaluation: object | null = EVALUATION) {
    const answer = await send('POST', '/api/v1/event', {
      body: {
        type: 'sh.keptn.event.dev.judge.triggered',
        data: { project: 'shop', stage: 'dev', service, labels: { region: 'eu', version: '1.2' } },
      },
    })
    const { keptnContext } = answer.json as { keptnContext: string }
    const [open] = house.engine.openTriggered({ context: keptnContext })
    assert.ok(open)
    const result = await send('POST', `/api/tiphys/v1/tasks/${open.id}/result`, {
      body: { result: 'pass', data: evaluation === null ? {} : { evaluation } },
    })
    assert.equal(result.status, 200, result.text)
    return open.id
  }

  const invalidate = (id: string, body: unknown = { reason: 'wrong load' }, token = 'trigger') =>
    send('POST', `${EVALUATIONS}/${id}/invalidation`, { body, token })
  const restore = (id: string, query = 'reason=it+was+right', token = 'trigger') =>
    send('DELETE', `${EVALUATIONS}/${id}/invalidation?${query}`, { token })
  const pin = (id: string, body: unknown = { reason: 'a good day' }, token = 'admin') =>
    send('POST', `${EVALUATIONS}/${id}/pin`, { body, token })
  const unpin = (id: string, token = 'admin') =>
    send('DELETE', `${EVALUATIONS}/${id}/pin?reason=a+better+one`, { token })

  async function references(service: string) {
    const answer = await send(
      'GET',
      `/api/tiphys/v1/references?project=shop&stage=dev&service=${service}`,
    )
    assert.equal(answer.status, 200, answer.text)
    return EvaluationReferencePage.parse(answer.json).references
  }

  it('takes one back and lets it count again, with who and why, once', async () => {
    const id = await evaluated()
    const taken = await invalidate(id, { reason: ' wrong load ', person: 'ann' })
    assert.equal(taken.status, 200, taken.text)
    const shown = ListedEvaluation.parse(taken.json)
    assert.deepEqual(
      { ...shown.invalidated, at: '' },
      {
        by: 'trigger',
        person: 'ann',
        at: '',
        reason: 'wrong load',
      },
    )
    assert.deepEqual(shown.labels, { region: 'eu', version: '1.2' })
    assert.equal(shown.version, '1.2')

    const head = await house.store.headPosition()
    const again = await invalidate(id, { reason: 'another' })
    assert.equal(again.headers.get('tiphys-duplicate'), 'true')
    assert.equal(ListedEvaluation.parse(again.json).invalidated?.reason, 'wrong load')
    assert.equal(await house.store.headPosition(), head, 'nothing was written')

    const back = await restore(id, 'reason=it+was+right&person=bob')
    assert.equal(back.status, 200, back.text)
    const restored = ListedEvaluation.parse(back.json)
    assert.equal(restored.invalidated, undefined)
    assert.equal(restored.restored?.person, 'bob')
    assert.equal((await restore(id)).headers.get('tiphys-duplicate'), 'true')

    await invalidate(id, { reason: 'no, wrong' })
    const [listed] = await listOf('cart')
    assert.equal(listed?.invalidated?.reason, 'no, wrong')
    assert.equal(listed?.restored, undefined)
  })

  async function listOf(service: string) {
    const list = await send('GET', `${EVALUATIONS}?project=shop&stage=dev&service=${service}`)
    return EvaluationPage.parse(list.json).evaluations
  }

  it('undoes what an event of Keptn took back, and the event store sees both', async () => {
    const id = await evaluated('search')
    const body = {
      type: 'sh.keptn.event.evaluation.invalidated',
      source: 'bridge',
      triggeredid: id,
      data: { project: 'shop', stage: 'dev', service: 'search', evaluation: { reason: 'flaky' } },
    }
    assert.equal((await send('POST', '/api/v1/event', { body })).status, 200)
    assert.equal((await listOf('search'))[0]?.invalidated?.reason, 'flaky')
    const valid = async () => {
      const filter = encodeURIComponent('data.project:shop AND data.service:search')
      const path = `/api/mongodb-datastore/event/type/sh.keptn.event.evaluation.finished?excludeInvalidated=true&filter=${filter}`
      return ((await send('GET', path)).json as { events: unknown[] }).events.length
    }
    assert.equal(await valid(), 0)
    await restore(id)
    assert.equal(await valid(), 1)
    await send('POST', '/api/v1/event', { body })
    assert.equal(await valid(), 0)
  })

  it('pins one for each place; another takes its place; unpinning an old one changes nothing', async () => {
    const [first, second] = [await evaluated('ledger'), await evaluated('ledger')]
    assert.equal((await pin(first, { reason: 'before the rewrite', person: 'ann' })).status, 200)
    const head = await house.store.headPosition()
    assert.equal((await pin(first)).headers.get('tiphys-duplicate'), 'true')
    assert.equal(await house.store.headPosition(), head)
    const [reference] = await references('ledger')
    assert.equal(reference?.triggeredId, first)
    assert.equal(reference?.pinned.reason, 'before the rewrite')
    assert.equal(reference?.evaluation?.summary?.score, 100)
    assert.equal(reference?.problem, undefined)

    await pin(second)
    assert.deepEqual(
      (await listOf('ledger')).map((one) => [one.triggeredId, one.pinned?.by]),
      [
        [second, 'admin'],
        [first, undefined],
      ],
    )
    assert.equal((await unpin(first)).headers.get('tiphys-duplicate'), 'true')
    assert.equal((await references('ledger')).length, 1)

    await invalidate(second)
    assert.equal(
      (await references('ledger'))[0]?.problem,
      'invalidated by trigger: wrong load',
      'it is still pinned, and does not count',
    )
    assert.equal((await unpin(second)).status, 200)
    assert.deepEqual(await references('ledger'), [])
  })

  it('refuses in one sentence', async () => {
    const id = await evaluated()
    const empty = await evaluated('cart', null)
    const unmeasured = await evaluated('cart', { ...EVALUATION, indicatorResults: [] })
    const message = (answer: { json: unknown }) => (answer.json as { message: string }).message
    for (const [answer, status, sentence] of [
      [await invalidate('none'), 404, 'there is no evaluation for the triggered event none'],
      [await pin('none'), 404, 'there is no evaluation for the triggered event none'],
      [
        await pin(empty),
        409,
        `evaluation ${empty} cannot be the reference: it ended before anything was evaluated`,
      ],
      [
        await pin(unmeasured),
        409,
        `evaluation ${unmeasured} cannot be the reference: no indicator has a value in it`,
      ],
      [await invalidate(id, {}), 400, /reason is missing: say why$/],
      [await invalidate(id, { reason: '  ' }), 400, /reason is missing: say why$/],
      [await invalidate(id, { reason: 'x', who: 'me' }), 400, /who/],
      [await invalidate(id, { reason: 'x'.repeat(501) }), 400, /reason/],
      [await restore(id, ''), 400, /reason is missing: say why$/],
      [await invalidate(id, { reason: 'x' }, 'reader'), 403, /lacks the scope trigger/],
      [await pin(id, { reason: 'x' }, 'trigger'), 403, /lacks the scope configure/],
      [await pin(id, { reason: 'x' }, 'other-reader'), 403, /lacks the scope configure/],
    ] as const) {
      assert.equal(answer.status, status, answer.text)
      if (typeof sentence === 'string') assert.equal(message(answer), sentence)
      else assert.match(message(answer), sentence)
    }
    const head = await house.store.headPosition()
    await invalidate(id)
    const taken = await pin(id)
    assert.equal(taken.status, 409)
    assert.match(message(taken), /cannot be the reference: invalidated by trigger: wrong load$/)
    assert.ok((await house.store.headPosition()) > head)
  })

  it('leaves what was done, and what was refused, in the audit log', async () => {
    const id = await evaluated()
    await pin(id, { reason: 'a good day', person: 'ann' })
    await unpin(id)
    await unpin(id)
    await pin(id, { reason: 'x' }, 'trigger')
    const page = await send('GET', '/api/tiphys/v1/audit?project=shop')
    const { entries } = page.json as AuditPage
    const own = entries.filter(({ name }) => name === id)
    assert.deepEqual(
      own.map(({ action, outcome, actor, person, service }) =>
        [action, outcome, actor, person, service].filter(Boolean).join(' '),
      ),
      [
        'evaluation.pin refused trigger cart',
        'evaluation.unpin ok admin cart',
        'evaluation.pin ok admin ann cart',
      ],
    )
    assert.deepEqual(own[2]?.details, { reason: 'a good day' })
  })

  it('rebuilds the same lists from the log', async () => {
    await house.projections.catchUp()
    const live = await house.projections.dump()
    assert.ok(Object.keys(live['evaluations'] ?? {}).length > 0)
    await house.projections.rebuild()
    assert.deepEqual(await house.projections.dump(), live)
  })
})
