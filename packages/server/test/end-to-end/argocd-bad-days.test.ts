import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Installation, openInstallation } from './harness.ts'
import { createShop } from './project-files.ts'
import { until } from './until.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: deliver
          tasks: [{ name: deployment }]
        - name: check
          tasks: [{ name: test }]
`

/** Nothing is lost, and the work goes on when it is back: exactly one commit and one accepted sync each time. */
describe('Argo CD has a bad day', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation({ argocd: { applications: [{ stage: 'staging' }] } })
    await createShop(installation, { shipyard: SHIPYARD })
  })
  after(async () => await installation[Symbol.asyncDispose]())

  /** Triggers, lets the day go bad and good again, and holds what was done against what was wanted. */
  async function delivers(
    image: string,
    badDay: (context: string) => Promise<void>,
  ): Promise<void> {
    const { client, argocd } = installation
    const commits = (await argocd.gitops.subjects()).length
    const syncs = argocd.counts('staging').syncsAccepted
    const context = await client.trigger({ image: `sample:${image}`, sequence: 'deliver' })
    await badDay(context)
    const ended = await client.ended(context)
    assert.equal(ended.verdict, 'pass', ended.reason)
    assert.equal(await argocd.tagInGit('staging'), image)
    assert.equal((await argocd.gitops.subjects()).length, commits + 1, 'one commit')
    assert.equal(argocd.counts('staging').syncsAccepted, syncs + 1, 'one sync')
    const answer = await fetch(new URL('version', argocd.simulator.ingressUrl('carts-staging')))
    assert.deepEqual(await answer.json(), { version: image }, 'and it runs')
  }

  /** What `why` says meanwhile names Argo CD and what is wrong with it. */
  async function saysWhy(context: string, expected: RegExp): Promise<void> {
    await installation.client.seen(context, `${expected}`, (timeline) =>
      timeline.runs.some((run) => run.waiting.some((one) => expected.test(one.message)))
        ? true
        : undefined,
    )
  }

  const syncAccepted = (before: number) =>
    until('an accepted sync', () =>
      installation.argocd.counts('staging').syncsAccepted > before ? true : undefined,
    )

  it('is down at the start of a deployment, and comes back', async () => {
    const { simulator } = installation.argocd
    simulator.setFault({ down: true })
    simulator.cutConnections()
    await delivers('1.1.0', async (context) => {
      await saysWhy(context, /cannot read application carts-staging on Argo CD default/)
      simulator.clearFaults()
    })
  })

  it('goes down in the middle of a deployment, and comes back', async () => {
    const { simulator } = installation.argocd
    const before = installation.argocd.counts('staging').syncsAccepted
    const unanswered = () => simulator.counts().requests['GET /api/v1/applications/{name} 0'] ?? 0
    await delivers('1.2.0-lazy1', async () => {
      await syncAccepted(before)
      const first = unanswered()
      simulator.setFault({ down: true })
      simulator.cutConnections()
      await until('looks that nobody answers', () => (unanswered() > first + 1 ? true : undefined))
      simulator.clearFaults()
    })
  })

  it('answers 503 for a while', async () => {
    const { simulator } = installation.argocd
    await delivers('1.3.0', async () => {
      simulator.setFault({ status5xx: 503, times: 2 })
      await until('the end of the fault', () =>
        (simulator.counts().requests['GET /api/v1/applications/{name} 503'] ?? 0) > 0
          ? true
          : undefined,
      )
    })
    simulator.clearFaults()
  })

  it('takes the sync and loses the answer', async () => {
    const { simulator } = installation.argocd
    simulator.setFault({ match: '^POST .*/sync$', loseAnswer: true, times: 1 })
    await delivers('1.4.0', async () => {})
  })

  it('is slow', async () => {
    const { simulator } = installation.argocd
    simulator.setFault({ slowMs: 300 })
    await delivers('1.5.0', async () => {})
    simulator.clearFaults()
  })

  it('is away when a test asks where it may go', async () => {
    const { client, argocd } = installation
    argocd.simulator.setFault({ down: true })
    const deployment = { deploymentURIsPublic: [argocd.simulator.ingressUrl('carts-staging')] }
    const context = await client.trigger({ sequence: 'check', data: { deployment } })
    await saysWhy(context, /cannot find out which hosts may be tested/)
    argocd.simulator.clearFaults()
    const ended = await client.ended(context)
    assert.equal(ended.verdict, 'pass', ended.reason)
  })
})
