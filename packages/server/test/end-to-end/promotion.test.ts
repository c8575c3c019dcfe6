import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { runCommand } from '../situations/run-command.ts'
import { argocdYaml } from './argocd-side.ts'
import { type Installation, openInstallation } from './harness.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: delivery
          tasks: [{ name: deployment }]
    - name: production
      sequences:
        - name: delivery
          triggeredOn:
            - event: staging.delivery.finished
          tasks:
            - name: approval
            - name: deployment
            - name: release
`
const SERVICES = ['carts', 'orders', 'users', 'mail']
const IMAGE = 'sample:1.1.0'

/** Production waits for a person, who may answer in any of Keptn's and our ways. */
describe('a delivery over two stages with an approval between them', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation({
      argocd: {
        applications: SERVICES.flatMap((service) =>
          ['staging', 'production'].map((stage) => ({ service, stage, deployed: false })),
        ),
      },
    })
    const { client, argocd } = installation
    await client.createProject('shop', SHIPYARD, SERVICES)
    await client.write({ project: 'shop' }, { 'argocd.yaml': argocdYaml(argocd.repository) })
  })
  after(async () => await installation[Symbol.asyncDispose]())

  async function delivers(service: string, approve: (asked: Asked) => Promise<void>) {
    const { client, argocd } = installation
    const context = await client.trigger({ service, image: IMAGE })
    const id = await client.openTask(context, 'approval')
    assert.equal(await argocd.tagInGit('staging', service), '1.1.0')
    assert.equal(await argocd.tagInGit('production', service), '1.0.0')
    await approve({ context, id, service })
    const ended = await client.ended(context)
    const [, production] = ended.runs
    return {
      ended,
      approval: production?.tasks[0],
      tag: await argocd.tagInGit('production', service),
    }
  }

  it('goes on by event, by API and by command line, and ends when declined', async () => {
    const { client, folder, url, token } = installation
    const [byEvent, byApi, byCommand, declined] = await Promise.all([
      delivers('carts', async ({ id, context, service }) => {
        const body = {
          type: 'sh.keptn.event.approval.finished',
          source: 'slack-bot',
          specversion: '1.0',
          triggeredid: id,
          shkeptncontext: context,
          data: {
            project: 'shop',
            stage: 'production',
            service,
            status: 'succeeded',
            result: 'pass',
          },
        }
        assert.equal((await client.ask('POST', '/api/v1/event', { body })).status, 200)
      }),
      delivers('orders', async ({ id }) => {
        const body = { decision: 'pass', comment: 'looks good', person: 'medea' }
        const answer = await client.ask('POST', `/api/tiphys/v1/approvals/${id}`, { body })
        assert.equal(answer.status, 200, answer.text)
      }),
      delivers('users', async ({ context }) => {
        const login = { TIPHYS_ENDPOINT: url, TIPHYS_API_TOKEN: token }
        const result = await runCommand(folder, ['approve', context, '--as', 'jason'], login)
        assert.equal(result.code, 0, result.stderr)
      }),
      delivers('mail', async ({ id }) => {
        const body = { decision: 'fail', comment: 'not on a Friday' }
        await client.ask('POST', `/api/tiphys/v1/approvals/${id}`, { body })
      }),
    ])
    for (const { ended, tag } of [byEvent, byApi, byCommand]) {
      assert.equal(ended.verdict, 'pass', ended.reason)
      assert.equal(tag, '1.1.0')
      assert.equal(ended.runs.length, 2)
    }
    assert.match(byApi.approval?.message ?? '', /medea.*looks good/)
    assert.match(byCommand.approval?.message ?? '', /jason/)
    assert.equal(
      byEvent.approval?.answers.some((answer) => answer.source === 'slack-bot'),
      true,
    )
    assert.equal(declined.ended.verdict, 'fail')
    assert.equal(declined.tag, '1.0.0')
  })
})

type Asked = { readonly context: string; readonly id: string; readonly service: string }
