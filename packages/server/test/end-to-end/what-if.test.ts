import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ErrorBody } from '@tiphys/contract/http/error-body.ts'
import { WhatIf } from '@tiphys/contract/http/native-evaluation.ts'
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts'
import type { StoredEvent } from '../../src/ports/store.ts'
import { DATABASE_FILE } from '../../src/rebuild-projections.ts'
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
        - name: judge
          tasks:
            - { name: evaluation, properties: { executor: external } }
`

const slo = (
  criterion: string,
  comparison = '{ compare_with: single_result }',
) => `comparison: ${comparison}
objectives:
  - sli: response_time_p95
    pass:
      - criteria: ["${criterion}"]
`

/** The same values, another slo.yaml: an answer, and not a trace of it. */
describe('what if', () => {
  let installation: Installation
  const ids: string[] = []
  before(async () => {
    installation = await openInstallation()
    const { client } = installation
    await client.createProject('shop', SHIPYARD, ['carts'])
    await client.write({ project: 'shop' }, { 'tiphys/project.yaml': PROJECT_YAML })
    const place = { project: 'shop', stage: 'staging', service: 'carts' }
    await client.write(place, { 'slo.yaml': slo('<=+10%') })
    for (const measured of [100, 120, 130]) ids.push(await evaluated(measured))
  })
  after(async () => await installation[Symbol.asyncDispose]())

  async function evaluated(responseTimeMs: number): Promise<string> {
    const { client } = installation
    const context = await client.trigger({ sequence: 'verify' })
    const window = { start: '2026-01-02T15:00:00.000Z', end: '2026-01-02T15:05:00.000Z' }
    const test = { ...window, results: { response_time_p95: responseTimeMs } }
    await client.report(await client.openTask(context, 'test'), { result: 'pass', data: { test } })
    return (await client.ended(context)).runs[0]?.tasks[1]?.triggeredId ?? ''
  }

  const ask = (body: unknown, id = ids[2]) =>
    installation.client.ask('POST', `/api/tiphys/v1/evaluations/${id}/what-if`, { body })

  async function judged(body: unknown): Promise<WhatIf> {
    const answer = await ask(body)
    assert.equal(answer.status, 200, answer.text)
    return WhatIf.parse(answer.json)
  }

  /** Every row of the log, read while the server is down. */
  async function wholeLog(): Promise<readonly StoredEvent[]> {
    await installation.stop()
    const { store, close } = openSqlite({
      file: join(installation.settings.dataDir, DATABASE_FILE),
    })
    const rows = await store.readLog(0, 10_000)
    await close()
    await installation.start()
    return rows
  }

  it('judges the values by another file, and stores nothing of it', async () => {
    const before = await wholeLog()
    const same = await judged({ slo: slo('<=+10%') })
    assert.equal(same.change.sentence, 'The verdict stays pass (100)')
    assert.deepEqual(same.change.objectives[0]?.change, 'same')

    const strict = await judged({ slo: slo('<=+5%') })
    assert.deepEqual(strict.change.verdict, { from: 'pass', to: 'fail' })
    assert.deepEqual(strict.change.score, { from: 100, to: 0 })
    assert.match(
      strict.change.objectives[0]?.text ?? '',
      /130( ms)? > 126( ms)? = 120( ms)? × 1\.05/,
    )
    assert.equal(strict.evaluation.indicatorResults?.[0]?.value?.comparedValue, 120)
    assert.equal(Buffer.from(strict.evaluation.sloFileContent, 'base64').toString(), slo('<=+5%'))

    const three = '{ compare_with: several_results, number_of_comparison_results: 3 }'
    const now = await judged({ slo: slo('<=+5%', three), baseline: 'now' })
    assert.equal(now.evaluation.comparedEvents?.length, 2, 'those before it, and not itself')
    assert.equal(now.evaluation.indicatorResults?.[0]?.value?.comparedValue, 110)
    const then = await judged({ slo: slo('<=+5%', three) })
    assert.equal(then.evaluation.comparedEvents?.length, 1)
    assert.match(JSON.stringify(then.explanation), /up to 3, and 1 evaluation/)

    const after = await wholeLog()
    const added = after.slice(before.length).map(({ event }) => event.type)
    assert.deepEqual(added, ['dev.tiphys.audit.server.start'])
    assert.deepEqual(after.slice(0, before.length), before)
  })

  it('refuses a file that is wrong with line and column, and what holds nothing to judge', async () => {
    const wrong = await ask({ slo: slo('<= x'), file: 'my/slo.yaml' })
    assert.equal(wrong.status, 400)
    const { message, problems } = wrong.json as ErrorBody
    assert.equal(message, 'my/slo.yaml cannot be evaluated')
    assert.deepEqual(
      problems
        ?.filter(({ severity }) => severity === 'error')
        .map(({ file, line, column }) => [file, line, column]),
      [['my/slo.yaml', 5, 20]],
    )
    const broken = await ask({ slo: 'objectives: [' })
    assert.equal(broken.status, 400)
    assert.equal((broken.json as ErrorBody).problems?.[0]?.file, 'slo.yaml')
    for (const body of [{}, { slo: 1 }, { slo: '', baseline: 'later' }, { slo: '', more: 1 }]) {
      assert.equal((await ask(body)).status, 400)
    }
    assert.equal((await ask({ slo: slo('<1') }, 'none')).status, 404)

    const { client } = installation
    const context = await client.trigger({ sequence: 'judge' })
    const id = await client.openTask(context, 'evaluation')
    await client.report(id, { result: 'pass' })
    const nothing = await ask({ slo: slo('<1') }, id)
    assert.equal(nothing.status, 409)
    assert.equal(
      (nothing.json as ErrorBody).message,
      `evaluation ${id} cannot be judged anew: it ended before anything was evaluated, so it holds no values`,
    )
  })

  it('judges what another evaluator told, if it stored its file', async () => {
    const { client } = installation
    const told = async (sloFileContent: string) => {
      const context = await client.trigger({ sequence: 'judge' })
      const id = await client.openTask(context, 'evaluation')
      const value = { metric: 'response_time_p95', value: 104, success: true, comparedValue: 100 }
      const result = { value, score: 1, displayName: '', status: 'pass', keySli: false }
      const indicatorResults = [{ ...result, passTargets: [], warningTargets: null }]
      const path = `/api/tiphys/v1/evaluations/${ids[0]}`
      const first = (await client.ask('GET', path)).json as { eventId: string }
      const evaluation = {
        ...{ timeStart: '', timeEnd: '', result: 'pass', score: 100, sloFileContent },
        ...{ indicatorResults, comparedEvents: [first.eventId] },
      }
      await client.report(id, { result: 'pass', data: { evaluation } })
      return id
    }
    const id = await told(Buffer.from(slo('<=+10%')).toString('base64'))
    const answer = await ask({ slo: slo('<=+3%') }, id)
    assert.equal(answer.status, 200, answer.text)
    const { change } = WhatIf.parse(answer.json)
    assert.equal(change.sentence, 'The verdict is fail (0) instead of pass (100)')
    assert.match(change.objectives[0]?.text ?? '', /104( ms)? > 103( ms)? = 100( ms)? × 1\.03/)

    const without = await ask({ slo: slo('<1') }, await told(''))
    assert.equal(without.status, 409)
    assert.match(without.text, /stored no slo\.yaml with it, so there is nothing to edit/)
  })
})
