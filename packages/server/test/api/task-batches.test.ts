import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { BatchOutcomes, OpenTaskPage } from '@tiphys/contract/http/native-task.ts'
import { base64, type House, SHIPYARD, startHouse } from './house.ts'

const NATIVE = '/api/tiphys/v1'
const PROJECTS = '/api/controlPlane/v1/project'
const TRIGGERED = 'sh.keptn.event.dev.delivery.triggered'

/** Long enough for any machine; no test waits it out. */
const PATIENCE = '20s'

function delivery(service: string, more: object = {}) {
  return {
    type: TRIGGERED,
    source: 'test',
    data: { project: 'shop', stage: 'dev', service },
    ...more,
  }
}

describe('batches of events and results', () => {
  let house: House
  before(async () => {
    house = await startHouse()
    await house.api.send('POST', PROJECTS, { body: { name: 'shop', shipyard: base64(SHIPYARD) } })
    for (const serviceName of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      await house.api.send('POST', `${PROJECTS}/shop/service`, { body: { serviceName } })
    }
  })
  after(() => house.close())

  async function events(body: unknown, options: object = {}) {
    const answer = await house.api.send('POST', `${NATIVE}/events`, { body, ...options })
    assert.equal(answer.status, 200, answer.text)
    return BatchOutcomes.parse(answer.json).outcomes
  }

  async function open(query: string, token = 'answerer') {
    const answer = await house.api.send('GET', `${NATIVE}/tasks/open?${query}`, { token })
    assert.equal(answer.status, 200, answer.text)
    return OpenTaskPage.parse(answer.json)
  }

  async function results(items: readonly unknown[], options: object = {}) {
    const body = { results: items }
    const answer = await house.api.send('POST', `${NATIVE}/tasks/results`, {
      body,
      token: 'answerer',
      ...options,
    })
    assert.equal(answer.status, 200, answer.text)
    return BatchOutcomes.parse(answer.json).outcomes
  }

  const codes = (outcomes: readonly { code: number }[]) => outcomes.map(({ code }) => code)
  const contextOf = (outcome: { code: number } | undefined) => {
    assert.ok(outcome !== undefined && 'keptnContext' in outcome, JSON.stringify(outcome))
    return String(outcome.keptnContext)
  }
  const messageOf = (outcome: object | undefined) =>
    outcome !== undefined && 'message' in outcome ? String(outcome.message) : ''

  it('carries many sequences from trigger to end in a few requests', async () => {
    const { next: cursor } = await open('')
    const accepted = await events(JSON.stringify([delivery('a'), delivery('b')]), {
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    })
    const contexts = accepted.map(contextOf)
    let after = cursor
    for (const task of ['deployment', 'test']) {
      const page = await open(`task=${task}&after=${after}&wait=${PATIENCE}`)
      assert.deepEqual(
        page.tasks.map((one) => [one.task, one.keptnContext, one.project, one.started]),
        contexts.map((context) => [task, context, 'shop', false]),
      )
      const outcomes = await results(
        page.tasks.map(({ triggeredId }) => ({ triggeredId, result: 'pass', source: 'worker' })),
      )
      assert.deepEqual(outcomes.map(contextOf), contexts)
      after = page.next
    }
    for (const context of contexts) {
      const { events: rows } = await house.store.query({ context, offset: 0, limit: 50 })
      const types = rows.map(({ event }) => event.type.replace('sh.keptn.event.', '')).reverse()
      assert.deepEqual(types.slice(0, 8), [
        'dev.delivery.triggered',
        'deployment.triggered',
        'deployment.started',
        'deployment.finished',
        'test.triggered',
        'test.started',
        'test.finished',
        'dev.delivery.finished',
      ])
    }
  })

  it('answers each item as it would alone: one bad item does not fail its neighbours', async () => {
    const outcomes = await events([
      delivery('c'),
      { source: 'test' },
      { ...delivery('c'), data: { project: 'nowhere', stage: 'dev', service: 'c' } },
      'text',
      delivery('d'),
      { ...delivery('d'), data: { ...delivery('d').data, blob: 'x'.repeat(70_000) } },
    ])
    assert.deepEqual(codes(outcomes), [200, 400, 404, 400, 200, 413])
    assert.match(messageOf(outcomes[1]), /type is missing/)
    assert.equal(messageOf(outcomes[2]), 'Project not found: nowhere')
    const page = await open('task=deployment&limit=1000')
    const idOf = (service: string) => page.tasks.find((one) => one.service === service)?.triggeredId
    const answers = await results([
      { triggeredId: 'no-such-task', result: 'pass' },
      { triggeredId: idOf('c'), result: 'fine' },
      { triggeredId: idOf('d'), result: 'fail', message: 'broken' },
      { triggeredId: idOf('d'), result: 'pass' },
      17,
      { triggeredId: idOf('c'), result: 'fail' },
    ])
    assert.deepEqual(codes(answers), [404, 400, 200, 400, 400, 200])
    assert.match(messageOf(answers[0]), /there is no open task no-such-task/)
    assert.equal(messageOf(answers[1]), 'result must be one of pass, warning, fail')
    assert.match(messageOf(answers[3]), /is answered by item 2 of this request already/)
  })

  it('refuses a body that is no batch, and changes nothing', async () => {
    const head = await house.store.headPosition()
    for (const [path, body] of [
      ['events', {}],
      ['events', []],
      ['tasks/results', []],
      ['tasks/results', { results: [] }],
      ['tasks/results', { results: Array.from({ length: 1_001 }, () => ({})) }],
    ] as const) {
      const answer = await house.api.send('POST', `${NATIVE}/${path}`, { body })
      assert.equal(answer.status, 400, `${path} ${answer.text}`)
    }
    for (const query of ['wait=5', 'wait=1h', 'limit=0', 'after=yesterday']) {
      const answer = await house.api.send('GET', `${NATIVE}/tasks/open?${query}`)
      assert.equal(answer.status, 400, `${query} ${answer.text}`)
    }
    assert.equal(await house.store.headPosition(), head)
  })

  it('recognises a repeat of a batch and of an item by their keys', async () => {
    const headers = { 'idempotency-key': 'build-17' }
    const first = await events([delivery('e'), delivery('f')], { headers })
    const again = await events([delivery('e'), delivery('f')], { headers })
    assert.deepEqual(again.map(contextOf), first.map(contextOf))
    assert.ok(again.every((outcome) => 'duplicate' in outcome && outcome.duplicate === true))
    const [task] = (await open('task=deployment&limit=1000')).tasks.filter(
      (one) => one.keptnContext === contextOf(first[0]),
    )
    assert.ok(task !== undefined)
    const item = { triggeredId: task.triggeredId, result: 'pass', idempotencyKey: 'answer-1' }
    assert.deepEqual(codes(await results([item])), [200])
    const head = await house.store.headPosition()
    assert.deepEqual(await results([item]), [
      { code: 200, keptnContext: contextOf(first[0]), eventId: '', duplicate: true },
    ])
    assert.deepEqual(codes(await results([{ ...item, idempotencyKey: 'answer-2' }])), [404])
    assert.equal(await house.store.headPosition(), head)
  })

  it('lets a token do with an item only what it may do with it alone', async () => {
    const sent = await events(
      [delivery('g'), { ...delivery('g'), type: 'sh.keptn.event.test.finished' }],
      {
        token: 'answerer',
      },
    )
    assert.deepEqual(codes(sent), [403, 400])
    const answer = await house.api.send('POST', `${NATIVE}/tasks/results`, {
      body: { results: [{ triggeredId: 'x', result: 'pass' }] },
      token: 'trigger',
    })
    assert.equal(answer.status, 403)
    assert.deepEqual((await open('limit=1000', 'other-reader')).tasks, [])
    const refused = await house.api.send('GET', `${NATIVE}/tasks/open?project=shop`, {
      token: 'other-reader',
    })
    assert.equal(refused.status, 403)
  })

  it('waits for the first task, and lets go when the server stops', async () => {
    const page = await open('limit=1000')
    assert.deepEqual((await open(`after=${page.next}&wait=1ms`)).tasks, [])
    const waiting = open(`after=${page.next}&task=deployment&wait=${PATIENCE}`)
    const [accepted] = await events([delivery('h')])
    assert.deepEqual(
      (await waiting).tasks.map((one) => one.keptnContext),
      [contextOf(accepted)],
    )
    const old = await open('after=1.5&limit=1000')
    assert.ok(old.tasks.some((one) => one.keptnContext === contextOf(accepted)))
    const last = open(`after=${old.next}&task=nothing&wait=${PATIENCE}`)
    // The request is on its way when another one after it was answered.
    await open('limit=1')
    await house.api.close()
    assert.deepEqual((await last.catch(() => ({ tasks: [] }))).tasks, [])
  })
})
