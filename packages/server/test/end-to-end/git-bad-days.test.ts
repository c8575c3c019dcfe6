import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Installation, openInstallation } from './harness.ts'
import { createShop } from './project-files.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: deliver
          tasks: [{ name: deployment }]
`

describe('Git has a bad day', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation({
      argocd: { git: 'http', applications: [{ stage: 'staging' }] },
    })
    await createShop(installation, { shipyard: SHIPYARD })
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const host = () => {
    const { gitHost } = installation.argocd
    if (gitHost === undefined) throw new Error('this needs a Git host')
    return gitHost
  }
  const deliver = (image: string) =>
    installation.client.trigger({ sequence: 'deliver', image: `sample:${image}` })

  it('refuses a push, and takes the next one', async () => {
    const { client, argocd } = installation
    await host().refusePushes('gitops', 'change freeze until Monday')
    const refused = await client.ended(await deliver('1.1.0'))
    assert.equal(refused.verdict, 'none')
    assert.match(refused.reason ?? '', /refused the push to main: .*change freeze until Monday/)
    assert.equal(await argocd.tagInGit('staging'), '1.0.0')
    assert.equal(argocd.counts('staging').operations.length, 1, 'nothing was synced for it')
    await host().refusePushes('gitops', undefined)
    const taken = await client.ended(await deliver('1.1.0'))
    assert.equal(taken.verdict, 'pass', taken.reason)
    assert.equal(await argocd.tagInGit('staging'), '1.1.0')
  })

  it('goes down, and the deployment goes on when it is back', async () => {
    const { client, argocd } = installation
    const commits = (await argocd.gitops.subjects()).length
    await host().goDown()
    const context = await deliver('1.2.0')
    await client.seen(context, 'a word about the host', (timeline) =>
      timeline.runs.some((run) => run.waiting.some((one) => /cannot be reached/.test(one.message)))
        ? true
        : undefined,
    )
    await host().comeBack()
    const ended = await client.ended(context)
    assert.equal(ended.verdict, 'pass', ended.reason)
    assert.equal((await argocd.gitops.subjects()).length, commits + 1)
  })

  it('takes a push and breaks the connection: it is not pushed twice', async () => {
    const { client, argocd } = installation
    const commits = (await argocd.gitops.subjects()).length
    let drops = 1
    host().afterPush(() => (drops-- > 0 ? 'drop' : 'answer'))
    const ended = await client.ended(await deliver('1.3.0'))
    host().afterPush(undefined)
    assert.equal(ended.verdict, 'pass', ended.reason)
    assert.equal((await argocd.gitops.subjects()).length, commits + 1)
  })
})
