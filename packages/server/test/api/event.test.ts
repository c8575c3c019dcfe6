import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Actor } from '../../src/intake/actor.ts'
import type { Intake, IntakeAnswer } from '../../src/intake/intake.ts'
import { startTestApi, type TestApi } from './test-api.ts'

/** Writes down what it was given and answers what the test says. */
class RecordingIntake implements Intake {
  taken: { body: unknown; actor: Actor; key: string | undefined }[] = []
  answer: IntakeAnswer = accepted(false)

  accept(body: unknown, actor: Actor, options?: { readonly idempotencyKey?: string }) {
    this.taken.push({ body, actor, key: options?.idempotencyKey })
    return Promise.resolve(this.answer)
  }
}

function accepted(duplicate: boolean): IntakeAnswer {
  return { code: 'accepted', keptnContext: 'c0ffee', eventId: 'e1', duplicate }
}

const EVENT = {
  type: 'sh.keptn.event.dev.delivery.triggered',
  source: 'argocd',
  specversion: '1.0',
  data: { project: 'shop', stage: 'dev', service: 'cart', labels: { buildId: '7' } },
}

describe('POST /api/v1/event', () => {
  const intake = new RecordingIntake()
  let api: TestApi
  before(async () => {
    api = await startTestApi({ intake })
  })
  after(() => api.close())
  beforeEach(() => {
    intake.taken = []
    intake.answer = accepted(false)
  })

  it('answers 200 with the context, and hands the whole event and the actor on', async () => {
    const answer = await api.send('POST', '/api/v1/event', { body: EVENT, token: 'trigger' })
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '{"keptnContext":"c0ffee"}')
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
    assert.equal(answer.headers.get('tiphys-duplicate'), null)
    assert.deepEqual(intake.taken[0]?.body, EVENT)
    assert.equal(intake.taken[0]?.actor.name, 'trigger')
    assert.equal(intake.taken[0]?.key, undefined)
  })

  it('is the same door under the path of the controller', async () => {
    const answer = await api.send('POST', '/api/controlPlane/v1/event', { body: EVENT })
    assert.equal(answer.text, '{"keptnContext":"c0ffee"}')
  })

  it('takes a bearer token, and CloudEvents as content type', async () => {
    const answer = await api.send('POST', '/api/v1/event', {
      token: undefined,
      body: JSON.stringify(EVENT),
      headers: {
        authorization: 'Bearer trigger',
        'content-type': 'application/cloudevents+json; charset=utf-8',
      },
    })
    assert.equal(answer.status, 200)
  })

  it('takes a body without content type', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request(
        `${api.url}/api/v1/event`,
        { method: 'POST', headers: { 'x-token': 'trigger' } },
        (response) => {
          response.resume()
          resolve(response.statusCode)
        },
      )
      outgoing.on('error', reject)
      outgoing.end(JSON.stringify(EVENT))
    })
    assert.equal(status, 200)
    assert.deepEqual(intake.taken[0]?.body, EVENT)
  })

  it('says when an event was a repeat', async () => {
    intake.answer = accepted(true)
    const answer = await api.send('POST', '/api/v1/event', { body: EVENT })
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '{"keptnContext":"c0ffee"}')
    assert.equal(answer.headers.get('tiphys-duplicate'), 'true')
  })

  it('hands the idempotency key on, and refuses one that cannot be a key', async () => {
    const headers = { 'idempotency-key': 'build-17' }
    await api.send('POST', '/api/v1/event', { body: EVENT, headers })
    assert.equal(intake.taken[0]?.key, 'build-17')
    const wrong = await api.send('POST', '/api/v1/event', {
      body: EVENT,
      headers: { 'idempotency-key': 'x'.repeat(256) },
    })
    assert.equal(wrong.status, 400)
    assert.equal(intake.taken.length, 1)
  })

  it('answers what the intake refuses with its sentence and the status of its code', async () => {
    const refusals: [IntakeAnswer, number][] = [
      [{ code: 'invalid-event', message: 'unknown event type' }, 400],
      [{ code: 'project-not-found', message: 'Project not found: x' }, 404],
      [{ code: 'forbidden', message: 'token a lacks approve' }, 403],
    ]
    for (const [answer, status] of refusals) {
      intake.answer = answer
      const got = await api.send('POST', '/api/v1/event', { body: EVENT })
      assert.equal(got.status, status)
      const message = 'message' in answer ? answer.message : undefined
      assert.deepEqual(got.json, { code: status, message })
    }
  })

  it('takes 64 KB and refuses more with one sentence', async () => {
    const frame = JSON.stringify({ ...EVENT, data: { ...EVENT.data, message: '' } })
    const exact = JSON.stringify({
      ...EVENT,
      data: { ...EVENT.data, message: 'x'.repeat(64 * 1024 - frame.length) },
    })
    assert.equal(exact.length, 64 * 1024)
    const headers = { 'content-type': 'application/json' }
    assert.equal((await api.send('POST', '/api/v1/event', { body: exact, headers })).status, 200)
    const over = await api.send('POST', '/api/v1/event', { body: `${exact} `, headers })
    assert.equal(over.status, 413)
    assert.deepEqual(over.json, {
      code: 413,
      message: 'the request body is larger than 64 KB, the most that is taken',
    })
  })

  it('refuses what is not JSON, or JSON that a log cannot keep', async () => {
    const headers = { 'content-type': 'application/json' }
    const bodies = [
      '{"type":',
      '{"type":1e999}',
      '{"a":"\\ud800"}',
      '{"__proto__":{"a":1}}',
      `${'['.repeat(200)}${']'.repeat(200)}`,
    ]
    for (const body of bodies) {
      const answer = await api.send('POST', '/api/v1/event', { body, headers })
      assert.equal(answer.status, 400, body)
      assert.equal((answer.json as { code: number }).code, 400)
      assert.match((answer.json as { message: string }).message, /^the request body /)
    }
    assert.equal(intake.taken.length, 0)
  })

  it('refuses a form, as Keptn did', async () => {
    const answer = await api.send('POST', '/api/v1/event', {
      body: 'a=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(answer.status, 415)
  })
})

describe('who may ask', () => {
  let api: TestApi
  before(async () => {
    api = await startTestApi({ intake: new RecordingIntake() })
  })
  after(() => api.close())

  it('answers an unknown token in the words of Keptn', async () => {
    for (const token of [undefined, 'wrong', '']) {
      const answer = await api.send('POST', '/api/v1/auth', { token })
      assert.equal(answer.status, 401)
      assert.equal(answer.text, '{"code":401,"message":"unauthenticated or invalid credentials"}')
    }
  })

  it('answers a known token with an empty object, also to an empty JSON body', async () => {
    const answer = await api.send('POST', '/api/v1/auth', {
      headers: { 'content-type': 'application/json' },
    })
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '{}')
  })

  it('names the scope that a token lacks', async () => {
    const answer = await api.send('POST', '/api/v1/event', { body: EVENT, token: 'reader' })
    assert.equal(answer.status, 403)
    assert.deepEqual(answer.json, {
      code: 403,
      message: 'token reader lacks the scope trigger or answer or approve that this request needs',
    })
  })

  it('reports versions as Keptn does', async () => {
    const answer = await api.send('GET', '/api/v1/metadata')
    assert.deepEqual(answer.json, {
      namespace: 'keptn',
      keptnversion: '1.4.5',
      keptnlabel: 'keptn',
      bridgeversion: '',
      shipyardversion: '0.2.0',
      keptnservices: {},
      automaticprovisioning: true,
    })
  })

  it('throttles with 429 and says when to come back', async () => {
    const throttled = await startTestApi({
      authenticate: () => ({ code: 'throttled', retryAfterMs: 1500 }),
    })
    try {
      const answer = await throttled.send('POST', '/api/v1/auth')
      assert.equal(answer.status, 429)
      assert.equal(answer.text, '{"code":429,"message":"too many requests"}')
      assert.equal(answer.headers.get('retry-after'), '2')
    } finally {
      await throttled.close()
    }
  })
})
