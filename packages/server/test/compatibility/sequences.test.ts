import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { base64 } from '../end-to-end/tiphys-client.ts'
import { type Keptn, openKeptn, PREFIX, task } from './keptn-client.ts'

const deploymentIn = (stage: string, ...triggers: string[]) => `    - name: ${stage}
      sequences:
        - name: delivery
${triggers.length === 0 ? '' : `          triggeredOn:\n${triggers.map((event) => `            - event: ${event}\n`).join('')}`}          tasks:
${task('deployment')}
`
const shipyard = (...stages: string[]) => `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
${stages.join('')}`

const AFTER_DEV = shipyard(
  `${deploymentIn('dev')}        - name: rollback
          triggeredOn:
            - event: dev.delivery.finished
              selector: { match: { result: failed } }
          tasks:
${task('rollback')}
        - name: hurried
          tasks:
${task('deployment', ', timeout: 100ms')}
        - name: alarm
          triggeredOn:
            - event: dev.hurried.finished
              selector: { match: { deployment.result: fail } }
          tasks:
${task('alarm')}
        - name: limited
          timeout: 100ms
          tasks:
${task('deployment')}
        - name: cleanup
          triggeredOn:
            - event: dev.limited.finished
              selector: { match: { result: fail } }
          tasks:
${task('cleanup')}
        - name: long
          tasks:
${task('deployment')}
${task('test')}
        - name: approved
          tasks:
            - name: approval
${task('release')}
`,
  deploymentIn('east', 'dev.delivery.finished'),
  deploymentIn('west', 'dev.delivery.finished'),
)

const SERVICES = [
  ...['stages', 'commits', 'fan', 'abort', 'pause', 'timeout', 'limit', 'superseded', 'failed'],
]

/** Sequences as Keptn's clients see them: what is kept to the letter, and what is mended (docs/compatibility.md). */
describe('sequences', () => {
  let keptn: Keptn
  before(async () => {
    keptn = await openKeptn(AFTER_DEV, SERVICES)
  })
  after(async () => await keptn.installation[Symbol.asyncDispose]())

  const trigger = (service: string, sequence = 'delivery', wish: object = {}) =>
    keptn.installation.client.trigger({ stage: 'dev', service, sequence, ...wish })
  const pass = { status: 'succeeded', result: 'pass' }
  const types = async (context: string) =>
    (await keptn.events(context)).map(({ type }) => type.replace(PREFIX, ''))

  async function control(context: string, state: string) {
    const path = `/api/controlPlane/v1/sequence/shop/${context}/control`
    const answer = await keptn.ask('POST', path, { body: { state } })
    assert.deepEqual([answer.status, answer.json], [200, {}])
  }

  it('that wait for the same end start side by side, in every stage that names it', async () => {
    const context = await trigger('fan')
    await keptn.reply(await keptn.last(context, 'deployment.triggered'), 'finished', pass)
    const after = (await types(context)).filter((type) => type.endsWith('.triggered'))
    assert.deepEqual(after.slice(2).sort(), [
      'deployment.triggered',
      'deployment.triggered',
      'east.delivery.triggered',
      'west.delivery.triggered',
    ])
  })

  it('that failed start what is triggered on `failed`, and nothing that has no selector', async () => {
    const context = await trigger('failed')
    const open = await keptn.last(context, 'deployment.triggered')
    await keptn.reply(open, 'finished', { ...pass, result: 'fail' })
    assert.deepEqual((await types(context)).slice(-3), [
      'dev.delivery.finished',
      'dev.rollback.triggered',
      'rollback.triggered',
    ])
  })

  it('that ran out of time trigger too: a task, and a whole sequence', async () => {
    const task = await trigger('timeout', 'hurried')
    const whole = await trigger('limit', 'limited')
    const { client } = keptn.installation
    await client.openTask(task, 'alarm')
    await client.openTask(whole, 'cleanup')
    const ended = await keptn.last(task, 'dev.hurried.finished')
    assert.equal(ended.data['status'], 'errored')
    assert.match(
      String(ended.data['message']),
      /^nobody answered deployment.triggered within 100ms/,
    )
    const limited = await keptn.last(whole, 'dev.limited.finished')
    assert.match(
      String(limited.data['message']),
      /^sequence limited timed out after 100ms while waiting for task deployment$/,
    )
    const path = `/api/controlPlane/v1/sequence-execution?project=shop&keptnContext=${task}&name=hurried`
    const { sequenceExecutions } = (await keptn.ask('GET', path)).json as {
      sequenceExecutions: { status: { state: string } }[]
    }
    assert.deepEqual(
      sequenceExecutions.map(({ status }) => status.state),
      ['timedOut'],
    )
  })

  it('that are aborted end once, as failed; what was over stays as it was, and nothing is triggered', async () => {
    const context = await trigger('abort')
    const first = await keptn.last(context, 'deployment.triggered')
    await keptn.reply(first, 'finished', pass)
    await control(context, 'abort')
    const before = await types(context)
    const finished = (await keptn.events(context)).filter(({ type }) =>
      /(dev|east|west)\.delivery\.finished$/.test(type),
    )
    assert.deepEqual(
      finished.map(({ data }) => [data['stage'], data['status'], data['result']]),
      [
        ['dev', 'succeeded', 'pass'],
        ['east', 'aborted', 'fail'],
        ['west', 'aborted', 'fail'],
      ],
    )
    await control(context, 'abort')
    assert.deepEqual(await types(context), before)
  })

  it('that are paused keep their place, also between two tasks: the next one waits for them', async () => {
    const context = await trigger('pause', 'long')
    const open = await keptn.last(context, 'deployment.triggered')
    await control(context, 'pause')
    await keptn.reply(open, 'finished', pass)
    const next = await trigger('pause', 'long')
    const { client } = keptn.installation
    const [waiting] = (await client.context(next)).runs[0]?.waiting ?? []
    assert.equal(waiting?.code, 'lane')
    assert.equal((await types(context)).at(-1), 'deployment.finished')
    await control(context, 'resume')
    await keptn.reply(await keptn.last(context, 'test.triggered'), 'finished', pass)
    assert.equal((await types(next)).at(-1), 'deployment.triggered')
  })

  it('whose approval is open give way to a newer one, which is named, and trigger nothing', async () => {
    const old = await trigger('superseded', 'approved')
    const newer = await trigger('superseded', 'approved')
    const ended = await keptn.last(old, 'dev.approved.finished')
    const [{ id } = { id: '' }] = await keptn.events(newer)
    assert.deepEqual(
      [ended.data['status'], ended.data['result'], ended.data['message']],
      ['aborted', 'fail', `superseded by the newer run ${id} while its approval was open`],
    )
    await keptn.installation.client.openTask(newer, 'approval')
  })

  it('of the name evaluation are there in every stage; without slo.yaml they pass, as lighthouse-service', async () => {
    const path = '/api/controlPlane/v1/project/shop/stage/east/service/commits/evaluation'
    const answer = await keptn.ask('POST', path, { body: { timeframe: '5m' } })
    assert.equal(answer.status, 200, answer.text)
    const { keptnContext } = answer.json as { keptnContext: string }
    assert.equal((await keptn.installation.client.ended(keptnContext)).verdict, 'pass')
    const { source, data } = await keptn.last(keptnContext, 'evaluation.finished')
    assert.deepEqual(
      [source, data['result'], data['message']],
      [
        'lighthouse-service',
        'pass',
        'no evaluation performed by lighthouse because no SLO file configured for project shop',
      ],
    )
  })

  it('keep the shipyard of their commit to their end; stages may come and go at any time', async () => {
    const context = await trigger('stages')
    const open = await keptn.last(context, 'deployment.triggered')
    const changed = shipyard(deploymentIn('dev'), deploymentIn('north', 'dev.delivery.finished'))
    const put = await keptn.ask('PUT', '/api/controlPlane/v1/project', {
      body: { name: 'shop', shipyard: base64(changed) },
    })
    assert.equal(put.status, 201, put.text)
    await keptn.reply(open, 'finished', pass)
    const old = await types(context)
    assert.ok(old.includes('east.delivery.triggered') && !old.includes('north.delivery.triggered'))
    // What the old shipyard still triggers is pinned anew, and its stage is gone.
    const gone = await keptn.last(context, 'east.delivery.finished')
    assert.equal(gone.data['message'], 'stage east is not in the shipyard')
    const next = await trigger('commits')
    await keptn.reply(await keptn.last(next, 'deployment.triggered'), 'finished', pass)
    assert.ok((await types(next)).includes('north.delivery.triggered'))
    const stages = (await keptn.ask('GET', '/api/controlPlane/v1/project/shop/stage')).json
    assert.deepEqual(
      (stages as { stages: { stageName: string }[] }).stages.map(({ stageName }) => stageName),
      ['dev', 'north'],
    )
  })
})
