import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Installation, openInstallation } from './harness.ts'
import { createShop } from './project-files.ts'
import { until } from './until.ts'

const RECONCILE_MS = 1_000
const PERIODS = 2
/** Each test has an installation of its own, and mostly waits. */
const AT_ONCE = 2
const SECOND_MS = 1_000
/** After the second period, so that what it found had time to become a run. */
const SLACK_MS = 500

/** Argo CD syncs by itself and tells of everything; the two ways must not feed each other (behaviour.md 6). */
describe('an application with auto-sync and all notifications', { concurrency: AT_ONCE }, () => {
  it('way A: one delivery, one rollback commit, and then silence', async () => {
    await using installation = await installed()
    const { client, argocd } = installation
    await createShop(installation)
    const commits = (await argocd.gitops.subjects()).length
    const operations = argocd.counts('staging').operations.length
    const before = argocd.simulator.counts().notifications

    const context = await client.trigger({ image: 'sample:1.1.0-slow' })
    const ended = await client.ended(context)
    assert.deepEqual(
      ended.runs.map(({ sequence, result }) => [sequence, result]),
      [
        ['delivery', 'fail'],
        ['rollback', 'pass'],
      ],
    )
    await silence(installation)

    const runs = await client.runs()
    assert.deepEqual(runs.map((run) => run.sequence).sort(), ['delivery', 'rollback'])
    const subjects = (await argocd.gitops.subjects()).slice(commits)
    assert.equal(subjects.length, 2, subjects.join('\n'))
    assert.equal(await argocd.tagInGit('staging'), '1.0.0')
    const trailers = await argocd.gitops.run(['log', '-1', '--format=%(trailers)', 'main'])
    assert.match(trailers, /^Tiphys-Rollback-Of: \S+$/m)

    const { notifications } = argocd.simulator.counts()
    assert.ok(notifications.sent - before.sent >= 2, 'Argo CD told of both deployments')
    // Those about 1.0.0 came before the server listened.
    assert.equal(notifications.failed, before.failed)
    const seen = argocd.counts('staging')
    // Auto-sync deploys what is committed: nobody asked for a sync, and nothing was deployed but the version and its rollback.
    assert.equal(seen.operations.length, operations + 2, JSON.stringify(seen.operations, null, 1))
    assert.equal(seen.syncsAccepted, 0)
  })

  it('way B: what somebody pushes is judged once, and stays', async () => {
    await using installation = await installed()
    const { client, argocd } = installation
    await createShop(installation)
    await connected(installation)
    await argocd.pushTag('1.1.0-slow', 'staging')
    const first = await until('the run of the deployment', async () => (await client.runs())[0])
    const ended = await client.ended(first.context)
    assert.deepEqual(
      ended.runs.map(({ sequence, result }) => [sequence, result]),
      [['verify', 'fail']],
    )
    assert.equal(
      await argocd.tagInGit('staging'),
      '1.1.0-slow',
      'verdict only, unless the stage asks for more',
    )
    argocd.simulator.repeatNotifications('carts-staging')
    const sent = argocd.simulator.counts().notifications.sent
    await until('the notifications again', () =>
      argocd.simulator.counts().notifications.sent > sent ? true : undefined,
    )
    await silence(installation)
    assert.equal((await client.runs()).length, 1, 'a repeated notification starts nothing')
  })

  it("way B: the short event of Keptn's documentation and our own look are one run", async () => {
    await using installation = await installed('seed')
    const { client, argocd } = installation
    await createShop(installation)
    await connected(installation)
    await argocd.pushTag('1.1.0', 'staging')
    const first = await until('the run of the deployment', async () => (await client.runs())[0])
    assert.equal((await client.ended(first.context)).verdict, 'pass')
    await silence(installation)
    assert.deepEqual(
      (await client.runs()).map((run) => run.sequence),
      ['verify'],
    )
  })

  it('way B: a deployment is found when its notification was lost, also while the server was away', async () => {
    await using installation = await installed('never')
    const { client, argocd } = installation
    await createShop(installation)
    await connected(installation)
    await argocd.pushTag('1.1.0', 'staging')
    const first = await until('the run of the deployment', async () => (await client.runs())[0])
    assert.equal((await client.ended(first.context)).verdict, 'pass')

    await installation.stop()
    await argocd.pushTag('1.2.0', 'staging')
    await until('the deployment', () =>
      argocd.counts('staging').operations.length > 2 ? true : undefined,
    )
    await argocd.simulator.settled()
    await installation.start()
    const second = await until('the run of the second', async () => (await client.runs())[1])
    assert.equal((await client.ended(second.context)).verdict, 'pass')
    await silence(installation)
    assert.equal((await client.runs()).length, 2)
  })
})

function installed(notify: true | 'seed' | 'never' = true): Promise<Installation> {
  return openInstallation({
    argocd: {
      applications: [{ stage: 'staging', autoSync: true }],
      ...(notify === 'never' ? {} : { notify }),
      // Every other notification comes again.
      simulator: { traps: { duplicateNotifications: 0.5, lostWatchEvents: 0 } },
    },
    settings: { reconcileEveryMs: RECONCILE_MS },
  })
}

/**
 * Until what happens counts as after the connection: Argo CD's times have whole seconds, so what begins in the second of the
 * first look cannot be told from what was there before.
 */
async function connected({ argocd }: Installation): Promise<void> {
  await until('a first look at the applications', () =>
    (argocd.simulator.counts().requests['GET /api/v1/applications 200'] ?? 0) > 0
      ? true
      : undefined,
  )
  await delay(SECOND_MS)
}

/** Two periods of the reconciler, with nothing in flight at their end. This wait is the subject, not a hope. */
async function silence({ client, argocd }: Installation): Promise<void> {
  await argocd.simulator.settled()
  await delay(PERIODS * RECONCILE_MS + SLACK_MS)
  await argocd.simulator.settled()
  const open = (await client.runs()).filter((run) => run.open)
  assert.deepEqual(
    open.map((run) => run.sequence),
    [],
  )
}
