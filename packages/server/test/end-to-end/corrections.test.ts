import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { restoreDataFolder } from '../../src/offline-operations.ts'
import { writeBackupFile } from '../../src/operations/backup-file.ts'
import { rebuildProjections } from '../../src/rebuild-projections.ts'
import { type Installation, openInstallation, TOKEN } from './harness.ts'
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

const slo = (more = '') => `comparison:
  compare_with: single_result
  include_result_with_score: pass
${more}
objectives:
  - sli: response_time_p95
    pass:
      - criteria: ["<=+10%"]
`

type Evaluated = { triggeredId: string; context: string; result: string; eventId: string }

/** What people say about evaluations decides what the next ones are compared with, also after restarts and rebuilds. */
describe('correcting what is compared with', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation()
    await createShop()
  })
  after(async () => await installation[Symbol.asyncDispose]())

  async function createShop(): Promise<void> {
    const { client } = installation
    await client.createProject('shop', SHIPYARD, ['carts', 'regional'])
    await client.write({ project: 'shop' }, { 'tiphys/project.yaml': PROJECT_YAML })
    const place = { project: 'shop', stage: 'staging' }
    await client.write({ ...place, service: 'carts' }, { 'slo.yaml': slo() })
    const regional = slo('  same_labels: [region]\n  labels: { tier: gold }')
    await client.write({ ...place, service: 'regional' }, { 'slo.yaml': regional })
  }

  /** One run whose tests, made by somebody else's service, measured this. */
  async function evaluated(
    responseTimeMs: number,
    service = 'carts',
    labels: Record<string, string> = {},
  ): Promise<Evaluated & { compared: readonly string[]; text: string }> {
    const { client } = installation
    const context = await client.trigger({ sequence: 'verify', service, data: { labels } })
    const window = { start: '2026-01-02T15:00:00.000Z', end: '2026-01-02T15:05:00.000Z' }
    const test = { ...window, results: { response_time_p95: responseTimeMs } }
    await client.report(await client.openTask(context, 'test'), { result: 'pass', data: { test } })
    const task = (await client.ended(context)).runs[0]?.tasks[1]
    const triggeredId = task?.triggeredId ?? ''
    const answer = await client.ask('GET', `/api/tiphys/v1/evaluations/${triggeredId}`)
    assert.equal(answer.status, 200, answer.text)
    const found = answer.json as {
      eventId: string
      result: string
      evaluation: { comparedEvents: string[] }
    }
    const { eventId, result, evaluation } = found
    const compared = evaluation.comparedEvents
    return { triggeredId, context, result, eventId, compared, text: answer.text }
  }

  async function correct(method: 'POST' | 'DELETE', { triggeredId }: Evaluated, what: string) {
    const path = `/api/tiphys/v1/evaluations/${triggeredId}/${what}`
    const why = { reason: 'wrong load profile', person: 'ann' }
    const answer =
      method === 'POST'
        ? await installation.client.ask('POST', path, { body: why })
        : await installation.client.ask('DELETE', `${path}?reason=it+was+right`)
    assert.equal(answer.status, 200, answer.text)
  }

  it('an invalidation that is undone, and a pin that is invalidated, undone, lifted', async () => {
    const first = await evaluated(100)
    const second = await evaluated(110)
    await correct('POST', second, 'invalidation')
    const third = await evaluated(115)
    assert.deepEqual([third.result, third.compared], ['fail', [first.eventId]])

    await correct('DELETE', second, 'invalidation')
    const fourth = await evaluated(115)
    assert.deepEqual([fourth.result, fourth.compared], ['pass', [second.eventId]])

    await correct('POST', first, 'pin')
    const pinned = await evaluated(112)
    assert.deepEqual([pinned.result, pinned.compared], ['fail', [first.eventId]])
    assert.match(
      pinned.text,
      /the pinned reference \(pinned by ann \(token [^)]+\): wrong load profile\) alone is compared with/,
    )

    await correct('POST', first, 'invalidation')
    const fallen = await evaluated(112)
    assert.deepEqual([fallen.result, fallen.compared], ['pass', [fourth.eventId]])
    assert.match(fallen.text, /does not count: invalidated by ann .* newest .* instead/)

    await correct('DELETE', first, 'invalidation')
    await installation.restart()
    assert.deepEqual((await evaluated(112)).compared, [first.eventId], 'pinned over a restart')
    await installation.stop()
    await rebuildProjections(installation.settings.dataDir)
    await installation.start()
    assert.deepEqual((await evaluated(112)).compared, [first.eventId], 'pinned after a rebuild')

    const path = `/api/tiphys/v1/contexts/${first.context}`
    const refused = await installation.client.ask('DELETE', path)
    assert.equal(refused.status, 409)
    assert.match(refused.text, /holds the reference evaluation of service carts in stage staging/)
    await correct('DELETE', first, 'pin')
    assert.deepEqual((await evaluated(112)).compared, [fallen.eventId])
    assert.equal((await installation.client.ask('DELETE', path)).status, 200)
  })

  it('comes back with a backup as it was', async () => {
    const [first, second] = [await evaluated(100), await evaluated(200)]
    await correct('POST', first, 'pin')
    await correct('POST', second, 'invalidation')
    const { url, folder, settings } = installation
    const file = join(folder, 'backup.tar')
    await writeBackupFile(file, async () => {
      const path = `${url}/api/tiphys/v1/backup`
      const answer = await fetch(path, { method: 'POST', headers: { 'x-token': TOKEN } })
      assert.ok(answer.ok && answer.body !== null)
      return answer.body
    })
    await correct('DELETE', first, 'pin')
    await correct('DELETE', second, 'invalidation')
    await installation.stop()
    await rm(settings.dataDir, { recursive: true })
    await restoreDataFolder({ file, dataDir: settings.dataDir, forgetSecrets: true })
    await installation.start()
    const next = await evaluated(109)
    assert.deepEqual([next.result, next.compared], ['pass', [first.eventId]])
    const path = `/api/tiphys/v1/evaluations/${second.triggeredId}`
    const { invalidated } = (await installation.client.ask('GET', path)).json as {
      invalidated?: { person: string }
    }
    assert.equal(invalidated?.person, 'ann', 'the second is still taken back')
    await correct('DELETE', first, 'pin')
  })

  it('compares only with runs of the same labels', async () => {
    const eu = { region: 'eu', tier: 'gold' }
    const first = await evaluated(100, 'regional', eu)
    await evaluated(300, 'regional', { region: 'us', tier: 'gold' })
    await evaluated(300, 'regional', { region: 'eu', tier: 'tin' })
    const next = await evaluated(109, 'regional', eu)
    assert.deepEqual([next.result, next.compared], ['pass', [first.eventId]])
  })

  it('knows nothing of it in a project of the same name that is made anew', async () => {
    const last = await evaluated(100)
    await correct('POST', last, 'pin')
    const { client } = installation
    const project = '/api/controlPlane/v1/project/shop'
    assert.equal((await client.ask('DELETE', project)).status, 200)
    const gone = await client.ask('GET', `/api/tiphys/v1/evaluations/${last.triggeredId}`)
    assert.equal(gone.status, 404)
    await createShop()
    const references = await client.ask('GET', '/api/tiphys/v1/references?project=shop')
    assert.deepEqual((references.json as { references: unknown[] }).references, [])
    assert.deepEqual((await evaluated(500)).compared, [])
  })
})
