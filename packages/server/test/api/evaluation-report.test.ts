import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { evaluate } from '@tiphys/core/evaluation/evaluation.ts'
import { measured } from '@tiphys/core/evaluation/sli-value.ts'
import { toEvaluation } from '@tiphys/core/evaluation/wire.ts'
import { explain } from '@tiphys/core/explanation/explain.ts'
import type { Explanation } from '@tiphys/core/explanation/explanation.ts'
import { normaliseSlo } from '@tiphys/core/slo/slo.ts'
import { preferredFormat } from '../../src/api/native/evaluation-report.ts'
import type { TaskExecutor } from '../../src/executors/executor.ts'
import { base64, type House, startHouse } from './house.ts'
import { startTestApi, type TestApi } from './test-api.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.2
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: dev
      sequences:
        - name: check
          tasks: [{ name: evaluation }]
`
const EVALUATIONS = '/api/tiphys/v1/evaluations'
const HOSTILE = '<script>alert(1)</script>'

/** What an evaluation stores; what stood there before `reports` says. */
function told(report: string): JsonObject {
  const slo = normaliseSlo({
    objectives: [{ sli: 'rt', displayName: HOSTILE, pass: [{ criteria: ['<=+10%', '<600'] }] }],
  })
  const provider = { provider: 'prometheus', unit: 'ms' }
  const before = { id: 'before', triggeredId: 'triggered-before', version: '1.0' }
  const values = [{ metric: 'rt', value: 100, success: true }]
  const outcome = evaluate({
    slo,
    values: [measured('rt', 120, provider)],
    previous: [{ ...before, result: 'pass', values }],
  })
  const explanation = explain({
    slo,
    outcome,
    subject: { project: 'shop', stage: 'dev', service: 'cart', version: '1.1' },
    window: undefined,
    details: { rt: provider },
    notes: [],
  })
  const evaluation = toEvaluation(outcome, { window: undefined, sloFileContent: '' })
  const stored: Record<string, unknown> = {
    ours: { evaluation, explanation },
    none: { evaluation },
    broken: { evaluation, explanation: { ...explanation, objectives: 'none' } },
  }
  return JSON.parse(JSON.stringify(stored[report])) as JsonObject
}

const evaluator: TaskExecutor = {
  task: 'evaluation',
  source: 'lighthouse-service',
  takes: () => 'configured',
  execute(job) {
    const { report = 'ours' } = job.data['labels'] as { report?: string }
    const data = told(report)
    return Promise.resolve({
      code: 'finished',
      status: 'succeeded',
      result: 'fail',
      message: '',
      data,
    })
  },
}

describe('the report of an evaluation', () => {
  let house: House
  /** The same house, told how people reach it. */
  let known: TestApi
  before(async () => {
    house = await startHouse([evaluator])
    const { store, engine, projects, projections } = house
    const server = { publicUrl: 'https://tiphys.example.com/t' }
    known = await startTestApi({ store, engine, projects, projections, server })
    const shop = { name: 'shop', shipyard: base64(SHIPYARD) }
    await house.api.send('POST', '/api/controlPlane/v1/project', { body: shop })
    const service = '/api/controlPlane/v1/project/shop/service'
    await house.api.send('POST', service, { body: { serviceName: 'cart' } })
  })
  after(async () => {
    await known.close()
    await house.close()
  })

  async function evaluated(report: string): Promise<string> {
    const { json } = await house.api.send('POST', '/api/v1/event', {
      body: {
        type: 'sh.keptn.event.dev.check.triggered',
        source: 'test',
        data: { project: 'shop', stage: 'dev', service: 'cart', labels: { report } },
      },
    })
    await house.engine.settled()
    const { keptnContext } = json as { keptnContext: string }
    const answer = await house.api.send('GET', `/api/tiphys/v1/contexts/${keptnContext}`)
    const { runs } = answer.json as { runs: { tasks: { triggeredId: string }[] }[] }
    return runs[0]?.tasks[0]?.triggeredId ?? ''
  }

  it('comes in four forms, by format or by what the client likes', async () => {
    const path = `${EVALUATIONS}/${await evaluated('ours')}/report`
    const expected = {
      json: ['application/json; charset=utf-8', /"sentence":"cart 1\.1 failed in dev because /],
      text: ['text/plain; charset=utf-8', /^cart 1\.1 failed in dev because /],
      markdown: ['text/markdown; charset=utf-8', /^\*\*fail · 0 of 90 needed/],
      html: ['text/html; charset=utf-8', /^<!doctype html>/],
    } as const
    for (const [format, [type, start]] of Object.entries(expected)) {
      const asked = await house.api.send('GET', `${path}?format=${format}`)
      const [accept = ''] = type.split(';')
      const liked = await house.api.send('GET', path, { headers: { accept } })
      for (const answer of [asked, liked]) {
        assert.equal(answer.status, 200, answer.text)
        assert.equal(answer.headers.get('content-type'), type)
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
        assert.equal(answer.headers.get('cache-control'), 'no-store')
        assert.match(answer.text, start)
        assert.equal(format !== 'json' && answer.text.includes('https://'), false, 'no links')
      }
      assert.equal(liked.headers.get('vary'), 'accept')
    }
  })

  it('is a page that may load and run nothing, with every text in its place', async () => {
    const path = `${EVALUATIONS}/${await evaluated('ours')}/report?format=html`
    const { headers, text } = await house.api.send('GET', path)
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; /)
    assert.match(policy, /; frame-ancestors 'none'$/)
    assert.ok(!policy.includes('unsafe'))
    assert.ok(!text.includes(HOSTILE))
    assert.ok(text.includes('&lt;script&gt;alert(1)&lt;/script&gt;'))
  })

  it('links to itself and to the runs compared with, where the server knows its address', async () => {
    const id = await evaluated('ours')
    const base = `https://tiphys.example.com/t${EVALUATIONS}`
    for (const format of ['markdown', 'html']) {
      const { text } = await known.send('GET', `${EVALUATIONS}/${id}/report?format=${format}`)
      assert.ok(text.includes(`${base}/${id}/report?format=html`), format)
      assert.ok(text.includes(`${base}/triggered-before/report?format=html`), format)
    }
  })

  it('says that its evaluation was taken back since', async () => {
    const id = await evaluated('ours')
    const body = { reason: 'wrong load profile', person: 'ann' }
    const path = `${EVALUATIONS}/${id}/invalidation`
    assert.equal((await house.api.send('POST', path, { body })).status, 200)
    const { json } = await house.api.send('GET', `${EVALUATIONS}/${id}/report`)
    assert.match((json as Explanation).notes[0] ?? '', /^taken back by ann: wrong load profile; /)
  })

  it('refuses what is not there, not ours, not readable and not one of its forms', async () => {
    const refused = async (path: string, token = 'reader') => {
      const { status, json } = await house.api.send('GET', `${EVALUATIONS}/${path}`, { token })
      return [status, (json as { message: string }).message] as const
    }
    assert.deepEqual(await refused('none/report'), [
      404,
      'there is no evaluation for the triggered event none',
    ])
    for (const report of ['none', 'broken']) {
      const id = await evaluated(report)
      assert.deepEqual(await refused(`${id}/report`), [
        404,
        `no report is stored with the evaluation ${id}`,
      ])
    }
    const id = await evaluated('ours')
    assert.equal((await refused(`${id}/report`, 'other-reader'))[0], 404)
    assert.equal((await refused(`${id}/report`, 'answerer'))[0], 403)
    const [status, message] = await refused(`${id}/report?format=pdf`)
    assert.equal(status, 400)
    assert.match(message, /^query parameter format /)
  })
})

it('a client gets the form that it likes best, JSON where it does not say', () => {
  assert.equal(preferredFormat(undefined), 'json')
  assert.equal(preferredFormat('*/*'), 'json')
  assert.equal(preferredFormat('text/html,application/xhtml+xml,*/*;q=0.8'), 'html')
  assert.equal(preferredFormat('text/html;q=0.5, text/markdown'), 'markdown')
  assert.equal(preferredFormat('text/plain;q=0, text/html;q=x, application/json;q=0.1'), 'json')
  assert.equal(preferredFormat('constructor, image/png'), 'json')
})
