import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { createReleaseExecutor } from '../../src/executors/release/release.ts'
import type { DeploymentDocument } from '../../src/projections/deployments.ts'
import { argocdYaml, jobFor, snapshotOf } from './argocd-world.ts'

function deployed(outcome: string, position: number): DeploymentDocument {
  const record = { kind: 'deployment', outcome }
  return { by: 'tiphys', instance: 'default', uid: 'u1', position, record } as DeploymentDocument
}

function executor(documents: readonly DeploymentDocument[]) {
  const answer = () => Promise.resolve(documents)
  return createReleaseExecutor({ deployments: { ofContext: answer, ofApplication: answer } })
}

async function release(documents: readonly DeploymentDocument[], data: JsonObject = {}) {
  const { job } = jobFor({ snapshot: snapshotOf(undefined) }, 'release', { data })
  const answer = await executor(documents).execute(job)
  assert.ok(answer.code === 'finished')
  return `${answer.status}/${answer.result}: ${answer.message}`
}

const NOTHING = 'succeeded/pass: nothing to release'
const NOT_BUILT = 'errored/fail: resuming a Rollout is not built yet'

test('without a paused Rollout there is nothing to release', async () => {
  assert.equal(await release([]), NOTHING)
  assert.equal(await release([deployed('succeeded', 1)]), NOTHING)
  assert.equal(await release([], { deployment: { paused: false } }), NOTHING)
})

test('a paused Rollout is never passed over, whether the event or our own record says so', async () => {
  assert.equal(await release([], { deployment: { paused: true } }), NOT_BUILT)
  assert.equal(await release([deployed('paused', 1)], { deployment: { paused: false } }), NOT_BUILT)
  // The newest deployment counts.
  assert.equal(await release([deployed('paused', 1), deployed('succeeded', 2)]), NOTHING)
})

test('it is configured where argocd.yaml is, and neutral elsewhere', () => {
  const take = (yaml: string | undefined) =>
    executor([]).takes({
      snapshot: snapshotOf(yaml),
      stage: 'dev',
      service: 'carts',
      properties: {},
    })
  assert.equal(take(argocdYaml('https://git.example.com/shop.git')), 'configured')
  assert.equal(take(undefined), 'neutral')
})
