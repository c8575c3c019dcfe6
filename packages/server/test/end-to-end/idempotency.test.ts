import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Answer } from '../api/test-api.ts'
import { type Installation, openInstallation } from './harness.ts'
import { contextOf, type TriggerWish } from './tiphys-client.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: delivery
          tasks:
            - name: deployment
              properties: { executor: external }
`

/** What is a repeat, and what is a new event that looks the same (behaviour.md 1). */
describe('the same event twice', () => {
  let installation: Installation
  let runsBefore = 0
  before(async () => {
    installation = await openInstallation()
    for (const project of ['shop', 'other']) {
      await installation.client.createProject(project, SHIPYARD, ['carts'])
    }
  })
  after(async () => await installation[Symbol.asyncDispose]())

  async function twice(first: TriggerWish, second: TriggerWish = first) {
    const { client } = installation
    runsBefore = (await client.runs()).length
    const answers: Answer[] = [await client.post(first), await client.post(second)]
    assert.deepEqual(
      answers.map((one) => one.status),
      [200, 200],
    )
    return {
      isSameContext: answers[0] && answers[1] && contextOf(answers[0]) === contextOf(answers[1]),
      isMarked: answers[1]?.headers.get('tiphys-duplicate') === 'true',
      runs: (await client.runs()).length - runsBefore,
    }
  }

  const REPEAT = { isSameContext: true, isMarked: true, runs: 1 }
  const NEW = { isSameContext: false, isMarked: false, runs: 2 }

  it('with one Idempotency-Key is one run, whatever else differs', async () => {
    const headers = { 'idempotency-key': 'build-17' }
    assert.deepEqual(await twice({ headers }, { headers, data: { labels: { b: '2' } } }), REPEAT)
  })

  it('with two Idempotency-Keys is two runs', async () => {
    const [one, two] = [{ 'idempotency-key': 'a' }, { 'idempotency-key': 'b' }]
    assert.deepEqual(await twice({ headers: one }, { headers: two }), NEW)
  })

  it('with one id of our Argo CD notifications is one run, also with news in it', async () => {
    const envelope = { id: 'argocd:default:uid-1:2026-01-02T15:04:05Z:deployed' }
    assert.deepEqual(await twice({ envelope }, { envelope, data: { labels: { b: '2' } } }), REPEAT)
  })

  it('sent again by a transport, with the same id and data, is one run', async () => {
    const envelope = { id: 'a1b2', source: 'ci' }
    assert.deepEqual(await twice({ envelope, image: 'sample:1' }), REPEAT)
  })

  it('with the same id and other data is two runs', async () => {
    const envelope = { id: 'c3d4', source: 'ci' }
    assert.deepEqual(
      await twice({ envelope, image: 'sample:1' }, { envelope, image: 'sample:2' }),
      NEW,
    )
  })

  it('from the same sample file, without an id, is two runs', async () => {
    assert.deepEqual(await twice({ image: 'sample:1' }), NEW)
  })

  it('from the same sample file, with an id for each, is two runs', async () => {
    const file = { image: 'sample:1' }
    assert.deepEqual(
      await twice({ ...file, envelope: { id: '1' } }, { ...file, envelope: { id: '2' } }),
      NEW,
    )
  })

  it('in another project is another event', async () => {
    const headers = { 'idempotency-key': 'shared' }
    const { client } = installation
    const [shop, other] = [
      await client.post({ headers }),
      await client.post({ headers, project: 'other' }),
    ]
    assert.notEqual(contextOf(shop), contextOf(other))
  })

  it('is still recognised after a restart', async () => {
    const headers = { 'idempotency-key': 'survives' }
    const { client } = installation
    const first = await client.post({ headers })
    await installation.restart()
    const again = await client.post({ headers })
    assert.equal(contextOf(again), contextOf(first))
    assert.equal(again.headers.get('tiphys-duplicate'), 'true')
  })
})
