import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Installation, openInstallation } from './harness.ts'

const DELAY_MS = 1_000
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
            - name: test
              properties: { executor: external }
        - name: later
          tasks:
            - name: test
              triggeredAfter: ${DELAY_MS / 1_000}s
              properties: { executor: external }
`

describe("pause, resume and abort through Keptn's control endpoint", () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation()
    await installation.client.createProject('shop', SHIPYARD, ['carts', 'orders', 'users'])
  })
  after(async () => await installation[Symbol.asyncDispose]())

  async function control(context: string, state: string): Promise<void> {
    const path = `/api/controlPlane/v1/sequence/shop/${context}/control`
    const answer = await installation.client.ask('POST', path, { body: { state } })
    assert.equal(answer.status, 200, answer.text)
  }

  async function keptnState(context: string): Promise<string | undefined> {
    const path = `/api/controlPlane/v1/sequence/shop?keptnContext=${context}`
    const { states } = (await installation.client.ask('GET', path)).json as {
      states: { state: string }[]
    }
    return states[0]?.state
  }

  it('a paused sequence finishes its task and triggers no other until it is resumed', async () => {
    const { client } = installation
    const context = await client.trigger()
    const id = await client.openTask(context, 'deployment')
    await control(context, 'pause')
    assert.equal(await keptnState(context), 'paused')
    await client.report(id, { result: 'pass' })
    const paused = await client.context(context)
    assert.equal(paused.runs[0]?.tasks[0]?.state, 'done')
    assert.equal(paused.runs[0]?.tasks[1]?.state, 'planned')
    assert.equal(paused.runs[0]?.waiting[0]?.code, 'paused')
    await control(context, 'resume')
    await client.report(await client.openTask(context, 'test'), { result: 'pass' })
    assert.equal((await client.ended(context)).verdict, 'pass')
    assert.equal(await keptnState(context), 'finished')
  })

  it('an aborted sequence ends, and what comes for it afterwards changes nothing', async () => {
    const { client } = installation
    const context = await client.trigger({ service: 'orders' })
    const id = await client.openTask(context, 'deployment')
    await control(context, 'abort')
    const ended = await client.ended(context)
    assert.equal(ended.verdict, 'none')
    assert.equal(ended.runs[0]?.status, 'aborted')
    assert.equal(ended.runs[0]?.result, 'fail')
    const late = await client.ask('POST', '/api/v1/event', {
      body: {
        type: 'sh.keptn.event.deployment.finished',
        source: 'helm-service',
        triggeredid: id,
        data: {
          project: 'shop',
          stage: 'staging',
          service: 'orders',
          result: 'pass',
          status: 'succeeded',
        },
      },
    })
    assert.equal(late.status, 200)
    assert.deepEqual((await client.context(context)).runs, ended.runs)
    assert.equal(await keptnState(context), 'aborted')
  })

  it('triggeredAfter delays a task, and says until when', async () => {
    const { client } = installation
    const context = await client.trigger({ service: 'users', sequence: 'later' })
    const [run] = (await client.context(context)).runs
    assert.equal(run?.waiting[0]?.code, 'delay')
    const dueMs = Date.parse(run?.waiting[0]?.until ?? '')
    await client.report(await client.openTask(context, 'test'), { result: 'pass' })
    const [done] = (await client.ended(context)).runs
    const triggeredMs = Date.parse(done?.tasks[0]?.triggeredAt ?? '')
    assert.ok(triggeredMs >= dueMs, `triggered at ${triggeredMs}, due at ${dueMs}`)
    assert.ok(triggeredMs - Date.parse(done?.triggeredAt ?? '') >= DELAY_MS)
  })
})
