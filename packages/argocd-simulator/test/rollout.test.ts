import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import type { Simulator } from '../src/simulator.ts'
import { deployment } from './support/git-repository.ts'
import { type Api, AUTO_SYNC, isHealthy, startSimulation, until } from './support/simulation.ts'

const CARTS = '/api/v1/applications/carts'
const RESOURCE = 'namespace=shop&resourceName=carts&version=v1alpha1&group=argoproj.io&kind=Rollout'

function rollout(
  version: string,
  steps = '[{ setWeight: 40 }, { pause: {} }]',
): Record<string, string> {
  const manifest = deployment(`sample:${version}`, {
    extra: `  strategy: { canary: { steps: ${steps} } }`,
  })
  return {
    'carts/rollout.yaml': manifest
      .replace('apps/v1', 'argoproj.io/v1alpha1')
      .replace('kind: Deployment', 'kind: Rollout'),
  }
}

async function versionsSeen(simulator: Simulator, count = 50): Promise<Record<string, number>> {
  const seen: Record<string, number> = {}
  for (let index = 0; index < count; index += 1) {
    const answer = await fetch(new URL('/version', simulator.ingressUrl('carts')))
    const { version } = (await answer.json()) as { version: string }
    seen[version] = (seen[version] ?? 0) + 1
  }
  return seen
}

async function enabledActions(api: Api): Promise<string[]> {
  const { body } = await api('GET', `${CARTS}/resource/actions?project=shop&${RESOURCE}`)
  return body.actions.flatMap(({ name, disabled }: { name: string; disabled: boolean }) =>
    disabled ? [] : [name],
  )
}

async function act(api: Api, action: string) {
  return await api('POST', `${CARTS}/resource/actions/v2`, {
    body: {
      ...Object.fromEntries(new URLSearchParams(RESOURCE)),
      action,
      project: 'shop',
    },
  })
}

// They mostly wait, each for its own simulator.
describe('Rollouts', { concurrency: 3 }, () => {
  test('a canary takes its share, waits Suspended, and goes on when resumed', async () => {
    await using simulation = await startSimulation({ spec: AUTO_SYNC, files: rollout('1.0.0') })
    const { api, simulator, repository } = simulation
    await until(simulator, isHealthy)
    assert.deepEqual(await enabledActions(api), [])
    await repository.commit(rollout('1.1.0'))
    const paused = await until(simulator, ({ status }) => status.health.status === 'Suspended')
    assert.equal(paused.status.sync.status, 'Synced')
    assert.deepEqual(await versionsSeen(simulator), { '1.0.0': 30, '1.1.0': 20 })
    const live = await api('GET', `${CARTS}/resource?project=shop&${RESOURCE}`)
    const { status } = JSON.parse(live.body.manifest)
    assert.equal(status.phase, 'Paused')
    assert.equal(status.currentStepIndex, 1)
    assert.equal(status.pauseConditions[0].reason, 'CanaryPauseStep')
    assert.deepEqual(await enabledActions(api), [
      'abort',
      'promote-full',
      'resume',
      'skip-current-step',
    ])
    assert.equal((await act(api, 'retry')).body.code, 3)
    assert.deepEqual((await act(api, 'resume')).body, {})
    await until(simulator, isHealthy)
    assert.deepEqual(await versionsSeen(simulator, 10), { '1.1.0': 10 })
  })

  test('an abort gives all traffic back and leaves Degraded and Synced; retry and promote-full finish', async () => {
    await using simulation = await startSimulation({ spec: AUTO_SYNC, files: rollout('1.0.0') })
    const { api, simulator, repository } = simulation
    await until(simulator, isHealthy)
    await repository.commit(rollout('1.1.0'))
    await until(simulator, ({ status }) => status.health.status === 'Suspended')
    const old = await api('POST', `${CARTS}/resource/actions?project=shop&${RESOURCE}`, {
      body: JSON.stringify('abort'),
    })
    assert.deepEqual(old.body, {})
    const aborted = await until(simulator, ({ status }) => status.health.status === 'Degraded')
    assert.equal(aborted.status.sync.status, 'Synced')
    assert.match(aborted.status.health.message ?? '', /^RolloutAborted/)
    await simulator.settled()
    assert.deepEqual(await versionsSeen(simulator, 10), { '1.0.0': 10 })
    await act(api, 'retry')
    await until(simulator, ({ status }) => status.health.status === 'Suspended')
    await act(api, 'promote-full')
    await until(simulator, isHealthy)
    assert.deepEqual(await versionsSeen(simulator, 10), { '1.1.0': 10 })
  })

  test('a pause with a time ends by itself; going back in Git drops the canary', async () => {
    await using simulation = await startSimulation({ spec: AUTO_SYNC, files: rollout('1.0.0') })
    const { simulator, repository } = simulation
    await until(simulator, isHealthy)
    await repository.commit(rollout('1.1.0', '[{ pause: { duration: 300ms } }]'))
    await until(simulator, ({ status }) => status.health.status === 'Suspended')
    await until(simulator, isHealthy)
    assert.deepEqual(await versionsSeen(simulator, 5), { '1.1.0': 5 })
    await repository.commit(rollout('1.2.0'))
    await until(simulator, ({ status }) => status.health.status === 'Suspended')
    await repository.commit(rollout('1.1.0'))
    await until(simulator, isHealthy)
    assert.deepEqual(await versionsSeen(simulator, 5), { '1.1.0': 5 })
    await repository.commit({
      'carts/rollout.yaml': (rollout('1.3.0')['carts/rollout.yaml'] ?? '').replace(
        'canary',
        'blueGreen',
      ),
    })
    const failed = await until(
      simulator,
      ({ status }) => (status.operationState?.retryCount ?? 0) > 0,
    )
    assert.match(
      failed.status.operationState?.message ?? '',
      /Rollout.argoproj.io "carts" is invalid: .*not simulated/,
    )
  })
})
