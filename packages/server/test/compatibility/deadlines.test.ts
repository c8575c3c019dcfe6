import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { DeploymentPowers } from '../../src/argocd/deployment-powers.ts'
import { createDeploymentExecutor } from '../../src/executors/deployment/deployment.ts'
import { engineHarness } from '../engine/engine-harness.ts'
import { PROJECT_ID } from '../simulation/simulated-project.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** One sequence, and another one that waits for it to fail. */
function stages(sequence: object) {
  return [
    {
      name: 'dev',
      sequences: [
        { name: 'delivery', ...sequence },
        {
          name: 'rollback',
          triggeredOn: [
            { event: 'dev.delivery.finished', selector: { match: { result: 'fail' } } },
          ],
          tasks: [{ name: 'rollback' }],
        },
      ],
    },
  ]
}

type Harness = Awaited<ReturnType<typeof engineHarness>>

async function ended(harness: Harness) {
  const rows = await harness.store.readLog(0, 1_000)
  const end = rows.findLast((row) => row.event.type === 'sh.keptn.event.dev.delivery.finished')
  return end?.event.data
}

/** Started and not finished by a service, which also says how it goes. */
async function say(harness: Harness, kind: string) {
  const [open] = harness.engine().openTriggered({ context: 'c1' })
  assert.ok(open)
  await harness.engine().submit({
    event: harness.event(
      open.type.replace('sh.keptn.event.', '').replace('triggered', kind),
      { stage: 'dev', message: 'still busy' },
      { triggeredid: open.id, shkeptncontext: 'c1' },
    ),
    projectId: PROJECT_ID,
    actor: { name: 'ci', scopes: ['answer'], projects: ['*'] },
  })
  await harness.settle()
}

test('nobody answers: ten minutes from when the task is due, not from when its sequence began', async () => {
  const tasks = [{ name: 'deployment', triggeredAfter: '1h' }]
  const harness = await engineHarness({ stages: stages({ tasks }) })
  await harness.trigger('dev.delivery', 'c1')
  await harness.pass(HOUR_MS + 9 * MINUTE_MS)
  assert.deepEqual(harness.open(), ['c1:deployment'])
  await harness.pass(MINUTE_MS)
  assert.match(
    String((await ended(harness))?.['message']),
    /^nobody answered deployment.triggered within 10m/,
  )
  assert.deepEqual(harness.open(), ['c1:rollback'])
})

test('nobody finishes: a day, whatever progress is told in between', async () => {
  const harness = await engineHarness({ stages: stages({ tasks: [{ name: 'deployment' }] }) })
  await harness.trigger('dev.delivery', 'c1')
  await say(harness, 'started')
  await harness.pass(DAY_MS - MINUTE_MS)
  await say(harness, 'status.changed')
  assert.deepEqual(harness.open(), ['c1:deployment'])
  await harness.pass(MINUTE_MS)
  const data = await ended(harness)
  assert.deepEqual([data?.['status'], data?.['result']], ['errored', 'fail'])
  assert.equal(
    data?.['message'],
    'deployment was not finished by test within 1d; last heard: still busy',
  )
  assert.deepEqual(harness.open(), ['c1:rollback'])
})

test('a task may name its own time, also a shorter one than anybody has to answer', async () => {
  const tasks = [{ name: 'deployment', properties: { timeout: '5m' } }]
  const harness = await engineHarness({ stages: stages({ tasks }) })
  await harness.trigger('dev.delivery', 'c1')
  await harness.pass(5 * MINUTE_MS)
  assert.deepEqual(harness.open(), ['c1:rollback'])
})

test('a deployment of ours has thirty minutes', async () => {
  // Only what it says of itself is asked; it never comes to use a power.
  const deployment = createDeploymentExecutor({} as DeploymentPowers)
  const executors = [{ ...deployment, takes: () => 'configured' as const, execute: forEver }]
  const harness = await engineHarness({
    stages: stages({ tasks: [{ name: 'deployment' }] }),
    executors,
  })
  await harness.trigger('dev.delivery', 'c1')
  await harness.pass(30 * MINUTE_MS - 1)
  assert.deepEqual(harness.open(), ['c1:deployment'])
  await harness.pass(1)
  assert.match(
    String((await ended(harness))?.['message']),
    /^deployment was not finished by tiphys-deployment within 30m/,
  )
  assert.deepEqual(harness.open(), ['c1:rollback'])
})

function forEver(): Promise<never> {
  return new Promise(() => undefined)
}

test('an approval waits for thirty days; one that nobody gave is errored and triggers nothing', async () => {
  const harness = await engineHarness({ stages: stages({ tasks: [{ name: 'approval' }] }) })
  await harness.trigger('dev.delivery', 'c1')
  await harness.pass(30 * DAY_MS - MINUTE_MS)
  assert.deepEqual(harness.open(), ['c1:approval'])
  await harness.pass(MINUTE_MS)
  const data = await ended(harness)
  assert.deepEqual(
    [data?.['status'], data?.['result'], data?.['message']],
    ['errored', 'fail', 'nobody decided the approval within 30d'],
  )
  assert.deepEqual(harness.open(), [])
})

test('while a sequence is paused the time of its task stands still; the pause has thirty days of its own', async () => {
  const harness = await engineHarness({ stages: stages({ tasks: [{ name: 'deployment' }] }) })
  const control = async (action: 'pause' | 'resume') => {
    const actor = { name: 'ann', scopes: [], projects: ['*'] }
    await harness.engine().control({ projectId: PROJECT_ID, context: 'c1', action, actor })
    await harness.settle()
  }
  await harness.trigger('dev.delivery', 'c1')
  await harness.pass(4 * MINUTE_MS)
  await control('pause')
  await harness.pass(5 * DAY_MS)
  await control('resume')
  await harness.pass(5 * MINUTE_MS)
  assert.deepEqual(harness.open(), ['c1:deployment'])
  await control('pause')
  await harness.pass(30 * DAY_MS)
  const data = await ended(harness)
  assert.deepEqual(
    [data?.['status'], data?.['message']],
    ['aborted', 'paused by ann for 30d: aborted'],
  )
  assert.deepEqual(harness.open(), [])
})

test('a whole sequence may have a time, counted from its trigger; one that never began a task triggers nothing', async () => {
  const tasks = [{ name: 'deployment' }]
  const harness = await engineHarness({ stages: stages({ tasks, timeout: '8m' }) })
  await harness.trigger('dev.delivery', 'c1')
  await harness.trigger('dev.delivery', 'c2')
  await say(harness, 'started')
  await harness.pass(8 * MINUTE_MS)
  assert.equal(
    (await harness.types('c1')).filter((type) => type === 'dev.rollback.triggered').length,
    1,
  )
  assert.deepEqual((await harness.types('c2')).at(-1), 'dev.delivery.finished')
  assert.ok(!(await harness.types('c2')).includes('deployment.triggered'))
})
