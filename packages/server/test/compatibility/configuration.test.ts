import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Keptn, openKeptn, task } from './keptn-client.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: dev
      sequences:
        - name: verify
          tasks:
${task('test')}
            - name: evaluation
`
const SLO = `spec_version: "1.0"
objectives:
  - sli: response_time_p95
    pass:
      - criteria: ["<=300"]
`
const PLACE = { project: 'shop', stage: 'dev', service: 'carts' }

/** What a run is decided with: the files of its commit (docs/compatibility.md). */
describe('configuration', () => {
  let keptn: Keptn
  before(async () => {
    keptn = await openKeptn(SHIPYARD, ['carts'])
  })
  after(async () => await keptn.installation[Symbol.asyncDispose]())

  it("is read at a commit by gitCommitID, and by commitID as Keptn's own services ask", async () => {
    const { client } = keptn.installation
    const commit = await client.write(PLACE, { 'job/config.yaml': 'old' })
    await client.write(PLACE, { 'job/config.yaml': 'new' })
    const path =
      '/api/resource-service/v1/project/shop/stage/dev/service/carts/resource/job%2Fconfig.yaml'
    const read = async (query: string) => {
      const { resourceContent } = (await keptn.ask('GET', path + query)).json as {
        resourceContent: string
      }
      return Buffer.from(resourceContent, 'base64').toString()
    }
    assert.equal(await read(''), 'new')
    assert.equal(await read(`?gitCommitID=${commit}`), 'old')
    assert.equal(await read(`?commitID=${commit}`), 'old')
  })

  it("keeps its shipyard when Keptn's CLI updates a project, which sends null for it", async () => {
    const path = '/api/controlPlane/v1/project'
    const body = { name: 'shop', shipyard: null, gitCredentials: null }
    const answer = await keptn.ask('PUT', path, { body })
    assert.equal(answer.status, 201, answer.text)
    const { shipyard } = (await keptn.ask('GET', `${path}/shop`)).json as { shipyard: string }
    assert.equal(shipyard, SHIPYARD)
  })

  it('of a run is what it was at its trigger, whatever is written while it goes on', async () => {
    const { client } = keptn.installation
    const verify = () => client.trigger({ stage: 'dev', sequence: 'verify', service: 'carts' })
    const finish = async (context: string) => {
      const open = await keptn.last(context, 'test.triggered')
      const window = { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:05:00Z' }
      await keptn.reply(open, 'finished', { result: 'pass', test: window })
      await client.ended(context)
      return await keptn.last(context, 'evaluation.finished')
    }
    const context = await verify()
    const [began] = await keptn.events(context)
    await client.write(PLACE, { 'slo.yaml': SLO })
    const before = await finish(context)
    assert.match(String(before.data['message']), /no SLO file configured/)
    assert.equal(before.gitcommitid, began?.gitcommitid)
    const later = await finish(await verify())
    assert.equal(later.data['status'], 'errored')
    assert.doesNotMatch(String(later.data['message']), /no SLO file configured/)
    assert.notEqual(later.gitcommitid, began?.gitcommitid)
  })
})
