import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openInstallation } from './harness.ts'
import { createShop } from './project-files.ts'

describe('a delivery through Git and Argo CD', () => {
  it('passes a good version, and restores it after a slow one', async () => {
    await using installation = await openInstallation({
      argocd: { applications: [{ stage: 'staging' }] },
    })
    const { client, argocd } = installation
    await createShop(installation)

    const good = await client.ended(await client.trigger({ image: 'sample:1.1.0' }))
    assert.equal(good.verdict, 'pass', good.reason)
    assert.equal(await argocd.tagInGit('staging'), '1.1.0')

    const slow = await client.ended(await client.trigger({ image: 'sample:1.2.0-slow' }))
    assert.equal(slow.verdict, 'fail', slow.reason)
    assert.deepEqual(
      slow.runs.map(({ sequence, result }) => [sequence, result]),
      [
        ['delivery', 'fail'],
        ['rollback', 'pass'],
      ],
    )
    assert.equal(await argocd.tagInGit('staging'), '1.1.0')
    const subjects = await argocd.gitops.subjects()
    assert.equal(subjects.length, 4, subjects.join('\n'))
  })
})
