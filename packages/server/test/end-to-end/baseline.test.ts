import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Installation, openInstallation } from './harness.ts'
import { PROJECT_YAML } from './project-files.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: verify
          tasks:
            - name: test
              properties: { executor: external }
            - name: evaluation
`

const SLO = `comparison:
  compare_with: single_result
  include_result_with_score: pass
objectives:
  - sli: response_time_p95
    pass:
      - criteria: ["<=+10%"]
`

/** A criterion that compares: each run is the next one's baseline, until somebody invalidates it. */
describe('an evaluation that compares with earlier ones', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation()
    const { client } = installation
    await client.createProject('shop', SHIPYARD, ['carts'])
    await client.write({ project: 'shop' }, { 'tiphys/project.yaml': PROJECT_YAML })
    await client.write({ project: 'shop', stage: 'staging', service: 'carts' }, { 'slo.yaml': SLO })
  })
  after(async () => await installation[Symbol.asyncDispose]())

  /** One run whose tests, made by somebody else's service, measured this. */
  async function evaluated(responseTimeMs: number) {
    const { client } = installation
    const context = await client.trigger({ sequence: 'verify' })
    const window = { start: '2026-01-02T15:00:00.000Z', end: '2026-01-02T15:05:00.000Z' }
    const test = { ...window, results: { response_time_p95: responseTimeMs } }
    await client.report(await client.openTask(context, 'test'), { result: 'pass', data: { test } })
    const ended = await client.ended(context)
    const task = ended.runs[0]?.tasks[1]
    const path = `/api/tiphys/v1/evaluations/${task?.triggeredId}`
    const answer = await client.ask('GET', path)
    assert.equal(answer.status, 200, answer.text)
    const found = answer.json as { evaluation: { comparedEvents?: string[] } }
    return {
      result: task?.result,
      triggeredId: task?.triggeredId ?? '',
      compared: found.evaluation.comparedEvents ?? [],
      text: answer.text,
    }
  }

  it('takes the newest that passed, and not those that failed or were invalidated', async () => {
    const { client } = installation
    const first = await evaluated(100)
    assert.equal(first.result, 'pass')
    assert.deepEqual(first.compared, [])

    const second = await evaluated(108)
    assert.equal(second.result, 'pass', '108 <= 100 + 10 %')
    assert.equal(second.compared.length, 1)

    const third = await evaluated(125)
    assert.equal(third.result, 'fail', '125 > 108 + 10 %')
    assert.match(third.text, /118\.8/, 'the report says what the limit was')

    const fourth = await evaluated(118)
    assert.equal(fourth.result, 'pass', 'still compared with 108: the third failed')
    assert.deepEqual(fourth.compared, third.compared)

    for (const { triggeredId } of [fourth, second]) {
      const body = {
        type: 'sh.keptn.event.evaluation.invalidated',
        source: 'bridge',
        triggeredid: triggeredId,
        data: { project: 'shop', stage: 'staging', service: 'carts', evaluation: {} },
      }
      assert.equal((await client.ask('POST', '/api/v1/event', { body })).status, 200)
    }
    const fifth = await evaluated(112)
    assert.equal(fifth.result, 'fail', '112 > 100 + 10 %: only the first one is left')
    assert.deepEqual(fifth.compared, second.compared)
  })

  it('compares with the same after a restart', async () => {
    await installation.restart()
    assert.equal((await evaluated(109)).result, 'pass', '109 <= 100 + 10 %')
  })
})
