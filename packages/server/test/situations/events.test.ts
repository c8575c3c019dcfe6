import { after, before, describe, it } from 'node:test'
import type { Answer } from '../api/test-api.ts'
import { type Installation, openInstallation } from '../end-to-end/harness.ts'
import { contextOf, type TriggerWish } from '../end-to-end/tiphys-client.ts'
import { assertGolden } from './golden.ts'
import { answered, ended, type Situation } from './situation.ts'

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
        - name: empty
`

const EVENT = '/api/v1/event'
const DEEP = 101

describe('what users read: events', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation()
    await installation.client.createProject('shop', SHIPYARD, ['carts'])
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const situations: Situation[] = []
  const note = (situation: string, answer: Answer) => situations.push(answered(situation, answer))
  const post = (body: unknown, headers = {}) =>
    installation.client.ask('POST', EVENT, { body, headers })
  const json = { 'content-type': 'application/json' }

  it('refuses bodies that are no events', async () => {
    note('malformed JSON', await post('{"type": "sh.keptn', json))
    note('a list', await post([]))
    note('a text', await post('"hello"', json))
    note('an empty body', await post('', json))
    note('no type', await post({ data: {} }))
    note('no data', await post({ type: 'sh.keptn.event.staging.delivery.triggered' }))
    note('a form', await post('a=b', { 'content-type': 'application/x-www-form-urlencoded' }))
    note(`nested ${DEEP} levels deep`, await installation.client.post({ data: nested(DEEP) }))
    note('more than 64 KB', await installation.client.post({ data: { note: 'x'.repeat(65_536) } }))
    note('a number without end', await post('{"type":"a","data":{"x":1e999}}', json))
    note('half a character', await post('{"type":"a","data":{"x":"\\ud800"}}', json))
    note(
      'a key that is a trap for programs',
      await post('{"type":"a","data":{"__proto__":{}}}', json),
    )
  })

  it('refuses events that say nothing usable', async () => {
    const data = { project: 'shop', stage: 'staging', service: 'carts' }
    const send = (type: string, more = {}, top = {}) =>
      post({ type, source: 'ci', ...top, data: { ...data, ...more } })
    note('a type of nobody', await send('com.example.build'))
    note('a type with a typing mistake', await send('sh.keptn.event.staging.delivery.trigered'))
    note(
      'the end of a sequence, from outside',
      await send('sh.keptn.event.staging.delivery.finished'),
    )
    note('a task triggered from outside', await send('sh.keptn.event.deployment.triggered'))
    note('no service', await send('sh.keptn.event.staging.delivery.triggered', { service: '' }))
    note('another stage than its type says', await send('sh.keptn.event.prod.delivery.triggered'))
    note(
      'a finished that answers nothing',
      await send('sh.keptn.event.deployment.finished', { result: 'pass' }),
    )
    note(
      'a finished without result',
      await send('sh.keptn.event.deployment.finished', {}, { triggeredid: 'x' }),
    )
    note(
      'a finished with a result that is none',
      await send('sh.keptn.event.deployment.finished', { result: 'great' }, { triggeredid: 'x' }),
    )
    note(
      'an answer to an event that is not there',
      await send(
        'sh.keptn.event.deployment.finished',
        { result: 'pass' },
        { triggeredid: '00000000-0000-4000-8000-000000000000' },
      ),
    )
    note('an unknown project', await installation.client.post({ project: 'shopp' }))
    note(
      'a gitcommitid that is not there',
      await installation.client.post({ envelope: { gitcommitid: 'f'.repeat(40) } }),
    )
    note(
      'a gitcommitid that is a branch',
      await installation.client.post({ envelope: { gitcommitid: 'main' } }),
    )
  })

  it('takes events for unknown things of a known project, and ends them errored', async () => {
    const { client } = installation
    const unknown: readonly (readonly [string, TriggerWish])[] = [
      ['an unknown stage', { stage: 'stagin' }],
      ['an unknown service', { service: 'cart' }],
      ['an unknown sequence', { sequence: 'delivry' }],
      ['a sequence without tasks', { sequence: 'empty' }],
    ]
    for (const [situation, wish] of unknown) {
      const answer = await client.post(wish)
      situations.push({
        situation: `${situation}: the answer`,
        outcome: String(answer.status),
        sentence: '',
      })
      situations.push(ended(`${situation}: its run`, await client.ended(contextOf(answer))))
    }
  })

  it('keeps the first answer to a task', async () => {
    const { client } = installation
    const context = await client.trigger()
    const id = await client.openTask(context, 'deployment')
    const report = (body: object) =>
      client.ask('POST', `/api/tiphys/v1/tasks/${id}/result`, { body })
    note('a result that is none, for an open task', await report({ result: 'great' }))
    await client.report(id, { result: 'pass' })
    await client.ended(context)
    note('a result for a task that is done', await report({ result: 'fail' }))
    note('a context that is not there', await client.ask('GET', '/api/tiphys/v1/contexts/none'))
    note(
      'aborting what is over',
      await client.ask('POST', `/api/tiphys/v1/contexts/${context}/control`, {
        body: { action: 'abort' },
      }),
    )
    note(
      'a control that is none',
      await client.ask('POST', `/api/controlPlane/v1/sequence/shop/${context}/control`, {
        body: { state: 'stop' },
      }),
    )
  })

  it('reads as the golden file says', () => assertGolden('Events', situations))
})

function nested(levels: number): Record<string, unknown> {
  let value: Record<string, unknown> = {}
  for (let level = 0; level < levels; level++) value = { a: value }
  return value
}
