import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { restoreDataFolder } from '../../src/offline-operations.ts'
import { writeBackupFile } from '../../src/operations/backup-file.ts'
import { type Installation, openInstallation, TOKEN } from './harness.ts'
import { createShop } from './project-files.ts'
import { until } from './until.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata:
  name: shop
spec:
  stages:
    - name: staging
      sequences:
        - name: delivery
          tasks:
            - name: deployment
        - name: verify
          tasks:
            - name: release
`

/** What was decided about the newest operation of an application. */
function bookmarkReason(dataDir: string, application: string): string | undefined {
  const database = new DatabaseSync(join(dataDir, 'tiphys.db'), { readOnly: true })
  try {
    const sql = `SELECT body ->> '$.reason' AS reason FROM documents
      WHERE kind = 'argocd-application' AND body ->> '$.application' = ? AND body ->> '$.operation' <> ''`
    const reason = database.prepare(sql).get(application)?.['reason']
    return typeof reason === 'string' ? reason : undefined
  } finally {
    database.close()
  }
}

describe('a data folder that is lost and restored from a backup', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation({
      argocd: { applications: [{ stage: 'staging' }, { stage: 'staging', service: 'orders' }] },
    })
    await createShop(installation, { shipyard: SHIPYARD })
  })
  after(async () => await installation[Symbol.asyncDispose]())

  async function backUp(): Promise<string> {
    const { url, folder } = installation
    const file = join(folder, 'backup.tar')
    await writeBackupFile(file, async () => {
      const headers = { 'x-token': TOKEN }
      const answer = await fetch(`${url}/api/tiphys/v1/backup`, { method: 'POST', headers })
      assert.ok(answer.ok && answer.body !== null)
      return answer.body
    })
    return file
  }

  it('goes on with what is open, makes no deployment twice, and takes what happened meanwhile for baseline', async () => {
    const { client, argocd, settings } = installation
    const commits = (await argocd.gitops.subjects()).length
    const syncs = argocd.counts('staging').syncsAccepted
    const context = await client.trigger({ image: 'sample:1.1.0' })
    const file = await backUp()

    // The deployment of the backup's open task is made after it, and so is one that nobody here asked for.
    assert.equal((await client.ended(context)).verdict, 'pass')
    assert.equal(argocd.counts('staging').syncsAccepted, syncs + 1)
    await argocd.pushTag('1.2.0', 'staging', 'orders')
    const { simulator } = argocd
    const foreign = await fetch(`${simulator.url}/api/v1/applications/orders-staging/sync`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${settings.argocd[0]?.token}`,
        'content-type': 'application/json',
      },
      body: '{}',
    })
    assert.equal(foreign.status, 200, await foreign.text())
    await simulator.settled()

    await installation.stop()
    const { dataDir } = settings
    await rm(dataDir, { recursive: true })
    const secrets = { forgetSecrets: true }
    const restored = await restoreDataFolder({ file, dataDir, ...secrets })
    assert.equal(restored.openRuns, 1, 'it was open when the backup was made')
    await installation.start()

    const ended = await client.ended(context)
    assert.equal(ended.verdict, 'pass', ended.reason)
    assert.equal((await argocd.gitops.subjects()).length, commits + 2, 'ours, and the one by hand')
    assert.equal(argocd.counts('staging').syncsAccepted, syncs + 1, 'one sync')
    const reason = await until('what became of the foreign operation', () =>
      bookmarkReason(dataDir, 'orders-staging'),
    )
    assert.match(reason, /^baseline: /)
    assert.deepEqual(
      (await client.runs()).map(({ sequence, service }) => `${service} ${sequence}`),
      ['carts delivery'],
    )
    const again = await client.trigger({ sequence: 'verify' })
    assert.equal((await client.ended(again)).verdict, 'pass', 'new work is taken')
  })
})
