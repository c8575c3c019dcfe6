import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { createDeploymentExecutor } from '../../src/executors/deployment/deployment.ts'
import type { TaskAnswer } from '../../src/executors/executor.ts'
import {
  argocdYaml,
  eventually,
  IMAGE,
  type JobOptions,
  jobFor,
  openWorld,
  snapshotOf,
  type World,
} from './argocd-world.ts'

type Finished = Extract<TaskAnswer, { code: 'finished' }>

async function deploy(world: World, options: JobOptions) {
  const task = jobFor(world, 'deployment', options)
  const answer = await createDeploymentExecutor(world.powers).execute(task.job)
  return { task, answer: finished(answer) }
}

function finished(answer: TaskAnswer): Finished {
  assert.ok(answer.code === 'finished')
  return answer
}

function verdict({ status, result }: Finished): string {
  return `${status}/${result}`
}

// Most of the time is waiting for Argo CD's whole seconds, so several wait together.
describe('deployment', { concurrency: 3 }, () => {
  test('a deployment is one commit, one sync with our run in it, and a wait until it really runs', async () => {
    await using world = await openWorld()
    const before = world.counts().syncsAccepted
    const { answer, task } = await deploy(world, { image: `${IMAGE}:1.1.0` })
    assert.equal(verdict(answer), 'succeeded/pass', answer.message)
    const head = await world.repository.head()
    assert.deepEqual(answer.data, {
      deployment: {
        deploymentNames: ['carts'],
        deploymentURIsPublic: world.simulator.application('carts').status.summary.externalURLs,
        gitCommit: head,
        argocd: {
          instance: 'default',
          application: 'carts',
          outcome: 'succeeded',
          revision: head,
          images: [`${IMAGE}:1.1.0`],
          historyId: world.simulator.application('carts').status.history?.at(-1)?.id,
        },
        paused: false,
      },
    })
    assert.equal(world.counts().syncsAccepted - before, 1)
    assert.deepEqual(world.counts().operations.at(-1)?.info, [
      { name: 'tiphys.dev/run', value: 'run-1' },
      { name: 'triggeredid', value: 'run-1-deployment' },
      { name: 'shkeptncontext', value: 'context-of-run-1' },
    ])
    const text = await world.repository.show('carts/kustomization.yaml')
    assert.match(text, /^# versions[\s\S]*newTag: 1\.1\.0 # ours$/m)
    const served = await fetch(new URL('/version', world.simulator.ingressUrl('carts')))
    assert.deepEqual(await served.json(), { version: '1.1.0' })

    const steps = task.notes.filter(({ type }) => type === 'deployment.recorded')
    assert.deepEqual(
      steps.map(({ data }) => data['step']),
      ['planned', 'committed', 'ended'],
    )
    const field = { kind: 'kustomize-image', image: IMAGE, part: 'reference' }
    assert.deepEqual(steps.at(-1)?.data['fields'], [
      {
        file: 'carts/kustomization.yaml',
        field,
        before: `${IMAGE}:1.0.0`,
        after: `${IMAGE}:1.1.0`,
      },
    ])
  })

  test('an application with auto-sync is left to it, and its operation is adopted', async () => {
    await using world = await openWorld({ autoSync: true })
    const { answer, task } = await deploy(world, { image: `${IMAGE}:1.1.0` })
    assert.equal(verdict(answer), 'succeeded/pass', answer.message)
    assert.equal(world.counts().syncsAccepted, 0)
    const { startedAt } = world.simulator.application('carts').status.operationState ?? {}
    const adopted = task.notes.find(({ type }) => type === 'deployment.adopted')
    assert.equal(adopted?.data['operation'], startedAt)
  })

  test('a sync of ours that loses the race with auto-sync adopts it or waits for it', async () => {
    await using world = await openWorld({ autoSync: true, yaml: '    sync: request' })
    const { answer } = await deploy(world, { image: `${IMAGE}:1.1.0` })
    assert.equal(verdict(answer), 'succeeded/pass', answer.message)
    assert.ok(world.counts().syncsAccepted <= 1)
    assert.equal(await world.tagInGit(), '1.1.0')
  })

  test('what runs already is neither committed nor synced again', async () => {
    await using world = await openWorld()
    const [head, before] = [await world.repository.head(), world.counts()]
    const { answer } = await deploy(world, { image: `${IMAGE}:1.0.0` })
    assert.equal(verdict(answer), 'succeeded/pass')
    assert.match(answer.message, /no change/)
    assert.equal(await world.repository.head(), head)
    assert.deepEqual(world.counts(), before)
  })

  test('an event without values deploys what Git says', async () => {
    await using world = await openWorld({ tag: '1.2.0', deployed: false })
    const { answer } = await deploy(world, {})
    assert.equal(verdict(answer), 'succeeded/pass', answer.message)
    assert.equal(world.counts().syncsAccepted, 1)
    assert.deepEqual(await world.repository.subjects(), ['first'])
  })

  test('a version that crashes is Degraded after its grace, and a refused apply is a failed sync', async () => {
    await using world = await openWorld()
    const crashed = await deploy(world, { image: `${IMAGE}:1.1.0-crash` })
    assert.equal(verdict(crashed.answer), 'succeeded/fail', crashed.answer.message)
    assert.match(crashed.answer.message, /application argocd\/carts is Degraded/)
    world.simulator.refuseNextApply('carts', 'admission webhook said no')
    const refused = await deploy(world, { image: `${IMAGE}:1.2.0`, runId: 'run-2' })
    assert.equal(verdict(refused.answer), 'succeeded/fail')
    assert.match(refused.answer.message, /admission webhook said no/)
  })

  test('without the opt-in nothing is written: no commit, no sync', async () => {
    for (const authorized of ['', 'shop:prod', 'other:dev']) {
      await using world = await openWorld({ authorized, deployed: false })
      const { answer } = await deploy(world, { image: `${IMAGE}:1.1.0` })
      assert.equal(verdict(answer), 'errored/fail')
      assert.match(answer.message, /needs the annotation tiphys\.dev\/authorized: "shop:dev"/)
      assert.deepEqual(await world.repository.subjects(), ['first'])
      assert.equal(world.counts().syncsAccepted, 0)
    }
  })

  test('a sync window blocks visibly, and the deployment goes on when it opens', async () => {
    await using world = await openWorld()
    const always = { schedule: '* * * * *', duration: '24h', applications: ['*'] }
    world.simulator.setSyncWindows('shop', [{ kind: 'deny', ...always }])
    const task = jobFor(world, 'deployment', { image: `${IMAGE}:1.1.0`, timeoutMs: 60_000 })
    const done = createDeploymentExecutor(world.powers).execute(task.job)
    await eventually(() => task.blocked.includes(true))
    world.simulator.setSyncWindows('shop', [])
    const answer = finished(await done)
    assert.equal(verdict(answer), 'succeeded/pass', answer.message)
    assert.equal(task.blocked.at(-1), false)
  })

  test('a sync window that keeps auto-sync from beginning blocks too', async () => {
    await using world = await openWorld({ autoSync: true })
    const always = { schedule: '* * * * *', duration: '24h', applications: ['*'] }
    world.simulator.setSyncWindows('shop', [{ kind: 'deny', ...always }])
    const task = jobFor(world, 'deployment', { image: `${IMAGE}:1.1.0`, timeoutMs: 60_000 })
    const done = createDeploymentExecutor(world.powers).execute(task.job)
    await eventually(() => task.blocked.includes(true))
    world.simulator.setSyncWindows('shop', [])
    world.simulator.refreshNow('carts')
    assert.equal(verdict(finished(await done)), 'succeeded/pass')
  })

  test('at the deadline an operation of ours is terminated', async () => {
    await using slow = await openWorld({
      deployed: false,
      simulator: { timingPreset: 'fast', timing: { syncMs: 60_000 } },
    })
    const { answer } = await deploy(slow, { image: `${IMAGE}:1.1.0`, timeoutMs: 1_500 })
    assert.equal(verdict(answer), 'errored/fail')
    assert.match(answer.message, /^timed out: /)
    assert.equal(slow.simulator.counts().requests[TERMINATED], 1)
  })

  const TERMINATED = 'DELETE /api/v1/applications/{name}/operation 200'

  test('somebody who pushes another value meanwhile supersedes the deployment', async () => {
    await using world = await openWorld({ simulator: { timing: { syncMs: 400 } } })
    const task = jobFor(world, 'deployment', { image: `${IMAGE}:1.1.0` })
    const done = createDeploymentExecutor(world.powers).execute(task.job)
    await eventually(() => task.notes.some(({ type }) => type === 'deployment.sync-accepted'))
    const text = await world.repository.show('carts/kustomization.yaml')
    await world.repository.commit({
      'carts/kustomization.yaml': text.replace('1.1.0', '9.9.9'),
    })
    const answer = finished(await done)
    assert.equal(verdict(answer), 'aborted/fail', answer.message)
    assert.match(answer.message, /superseded/)
  })

  test('somebody who pushes something else to the same folder does not', async () => {
    await using world = await openWorld({ simulator: { timing: { syncMs: 400 } } })
    const task = jobFor(world, 'deployment', { image: `${IMAGE}:1.1.0` })
    const done = createDeploymentExecutor(world.powers).execute(task.job)
    await eventually(() => task.notes.some(({ type }) => type === 'deployment.sync-accepted'))
    const text = await world.repository.show('carts/kustomization.yaml')
    await world.repository.commit({ 'carts/kustomization.yaml': `${text}commonLabels: {a: b}\n` })
    const answer = finished(await done)
    assert.equal(verdict(answer), 'succeeded/pass', answer.message)
  })

  test('what an event may not decide it does not decide', async () => {
    await using world = await openWorld({ deployed: false })
    const steered = await deploy(world, {
      data: {
        configurationChange: { values: { image: `${IMAGE}:1.1.0`, repository: 'https://evil' } },
        application: 'other',
        deployment: { application: 'other', repository: 'https://evil.example.com/x.git' },
        labels: { file: '../../etc/passwd' },
      },
    })
    assert.equal(verdict(steered.answer), 'succeeded/pass', steered.answer.message)
    assert.equal(await world.tagInGit(), '1.1.0')
    const head = await world.repository.head()
    for (const image of ['$(reboot)', 'carts:1.0\nevil: true', 'carts', '../carts:1']) {
      const { answer } = await deploy(world, { image, runId: `run-${image.length}` })
      assert.equal(verdict(answer), 'errored/fail', image)
      assert.equal(await world.repository.head(), head)
    }
  })

  test('what is wrong with the configuration is said before anything is written', async () => {
    await using world = await openWorld({ deployed: false })
    const { url } = world.repository
    const cases: [string | undefined, RegExp][] = [
      [undefined, /no argocd\.yaml names an Argo CD application for service carts in stage dev/],
      ['applications: [', /argocd\.yaml:1:\d+/],
      [argocdYaml('file:///elsewhere.git'), /names repository file:\/\/\/elsewhere\.git, but/],
      [argocdYaml(url).replace('branch: main', 'branch: other'), /names branch other, but/],
      [argocdYaml(url, '    instance: second'), /names the Argo CD second, which is not connected/],
      [argocdYaml(url).replace('carts/kustomization.yaml', 'carts/none.yaml'), /carts\/none\.yaml/],
      [argocdYaml(url).replace('project: shop', 'project: other'), /timed out: cannot read/],
    ]
    for (const [yaml, words] of cases) {
      const snapshot = snapshotOf(yaml)
      const { answer } = await deploy({ ...world, snapshot } as World, {
        image: `${IMAGE}:1.1.0`,
        timeoutMs: 1_000,
      })
      assert.equal(verdict(answer), 'errored/fail')
      assert.match(answer.message, words)
    }
    assert.deepEqual(await world.repository.subjects(), ['first'])
  })

  test('it takes services that argocd.yaml maps, and leaves the others to others', async () => {
    const { takes } = createDeploymentExecutor({} as World['powers'])
    const take = (yaml: string | undefined, properties = {}) =>
      takes({ snapshot: snapshotOf(yaml), stage: 'dev', service: 'carts', properties })
    assert.equal(take(argocdYaml('https://git.example.com/shop.git')), 'configured')
    assert.equal(take('broken: ['), 'configured')
    assert.equal(take('apiVersion: tiphys.dev/v1\napplications: []\n'), 'no')
    assert.equal(take(undefined), 'no')
    assert.equal(take(undefined, { executor: 'tiphys' }), 'configured')
    await Promise.resolve()
  })
})
