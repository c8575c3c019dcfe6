import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { eventually, IMAGE, kustomization } from './argocd-world.ts'
import { openEngineWorld } from './engine-world.ts'

const QUIET_WORLD = { observe: false } as const

async function last(messages: Promise<string[]>): Promise<string> {
  return (await messages).at(-1) ?? ''
}

// Most of the time is waiting for Argo CD's whole seconds, so several wait together.
describe('rollback', { concurrency: 3 }, () => {
  test('a failed deployment goes back to the newest state that was evaluated as good, by one commit', async () => {
    await using world = await openEngineWorld(QUIET_WORLD)
    await world.trigger('delivery', `${IMAGE}:1.1.0`)
    await world.untilEnded(1)
    // Deployed and found good; what comes in between by hand was never evaluated.
    await world.repository.commit(kustomization('1.1.5'), { message: 'by hand' })
    await world.trigger('delivery', `${IMAGE}:1.2.0-bad`)
    await world.untilEnded(3)
    assert.deepEqual(await world.runs(), ['dev.delivery', 'dev.delivery', 'dev.rollback'])
    assert.equal(await world.tagInGit(), '1.1.0')
    const served = await fetch(new URL('/version', world.simulator.ingressUrl('carts')))
    assert.deepEqual(await served.json(), { version: '1.1.0' })
    const subjects = await world.repository.subjects()
    assert.deepEqual(subjects, [
      'first',
      `deploy carts to dev: ${IMAGE}:1.1.0`,
      'by hand',
      `deploy carts to dev: ${IMAGE}:1.2.0-bad`,
      `roll back carts in dev: ${IMAGE}:1.1.0`,
    ])
    const message = await world.repository.run(['log', '-1', '--format=%B', 'main'])
    const [failed] = await world.documentsOf('context-1')
    const rollback = (await world.log()).find(({ event }) =>
      event.type.endsWith('rollback.triggered'),
    )
    assert.ok(message.includes(`Tiphys-Run: ${rollback?.event.id}`), message)
    assert.ok(failed)
    const documents = await world.documentsOf('context-1')
    const undone = documents.find((one) => one.by === 'tiphys' && one.record.kind === 'rollback')
    assert.ok(undone?.by === 'tiphys')
    assert.equal(undone.record.rollbackOf, 'e1')
    assert.ok(message.includes('Tiphys-Rollback-Of: e1'), message)
    assert.match(await last(world.messages('rollback')), /rolled back to the state of run e0/)
    await world.projections.catchUp()
    const live = await world.projections.dump()
    await world.projections.rebuild()
    assert.deepEqual(await world.projections.dump(), live)
  })

  test('without a good state it goes back to what was there before', async () => {
    await using world = await openEngineWorld(QUIET_WORLD)
    await world.trigger('delivery', `${IMAGE}:1.2.0-bad`)
    await world.untilEnded(2)
    assert.equal(await world.tagInGit(), '1.0.0')
    assert.match(await last(world.messages('rollback')), /rolled back to the state before/)
  })

  test('a value that somebody set meanwhile is left alone: superseded, nothing written', async () => {
    await using world = await openEngineWorld({
      ...QUIET_WORLD,
      evaluate: async () => {
        await world.repository.commit(kustomization('7.0.0'), { message: 'by hand' })
        return 'fail'
      },
    })
    await world.trigger('delivery', `${IMAGE}:1.2.0`)
    await world.untilEnded(2)
    assert.equal(await world.tagInGit(), '7.0.0')
    assert.match((await world.ends()).at(-1) ?? '', /^dev\.rollback fail: superseded, nothing was/)
  })

  test('other changes of the same file stay as they are', async () => {
    await using world = await openEngineWorld({
      ...QUIET_WORLD,
      evaluate: async () => {
        const text = await world.repository.show('carts/kustomization.yaml')
        await world.repository.commit({ 'carts/kustomization.yaml': `${text}# more\n` })
        return 'fail'
      },
    })
    await world.trigger('delivery', `${IMAGE}:1.2.0`)
    await world.untilEnded(2)
    const text = await world.repository.show('carts/kustomization.yaml')
    assert.match(text, /newTag: 1\.0\.0 # ours[\s\S]*# more/)
  })

  test('where this context deployed nothing there is nothing to roll back', async () => {
    await using world = await openEngineWorld(QUIET_WORLD)
    const head = await world.repository.head()
    await world.trigger('rollback', '')
    await world.untilEnded(1)
    assert.match((await world.ends())[0] ?? '', /^dev\.rollback pass: nothing to roll back/)
    // The same version again: its deployment changed nothing, so nothing can be taken back.
    await world.trigger('delivery', `${IMAGE}:1.0.0`, 'again')
    await world.untilEnded(2)
    await world.trigger('rollback', '', 'again')
    await world.untilEnded(3)
    assert.match((await world.ends()).at(-1) ?? '', /^dev\.rollback pass: nothing to roll back/)
    assert.equal(await world.repository.head(), head)
  })

  test('a rollback is checked for health and never rolled back itself', async () => {
    await using world = await openEngineWorld({
      ...QUIET_WORLD,
      tag: '1.0.0-crash',
      deployed: false,
    })
    await world.trigger('delivery', `${IMAGE}:1.2.0-bad`, 'c')
    await world.untilEnded(2)
    // What was there before crashes: the rollback is done, and its health says so.
    assert.match(
      (await world.ends()).at(-1) ?? '',
      /^dev\.rollback fail: rolled back to .* is Degraded/,
    )
    assert.equal(await world.tagInGit(), '1.0.0-crash')
    const commits = (await world.repository.subjects()).length
    await world.trigger('rollback', '', 'c')
    await world.untilEnded(3)
    assert.match((await world.ends()).at(-1) ?? '', /the last deployment was a rollback itself/)
    assert.equal((await world.repository.subjects()).length, commits)
  })

  test('a restart in the middle of a rollback makes no second commit and no second sync', async () => {
    await using world = await openEngineWorld({
      ...QUIET_WORLD,
      simulator: { timingPreset: 'fast', timing: { syncMs: 400 } },
    })
    await world.trigger('delivery', `${IMAGE}:1.2.0-bad`)
    await eventually(
      async () => (await world.repository.subjects()).at(-1)?.startsWith('roll back') === true,
    )
    await world.restart()
    await world.untilEnded(2)
    const subjects = await world.repository.subjects()
    assert.equal(subjects.filter((subject) => subject.startsWith('roll back')).length, 1)
    const ours = world.counts().operations.filter(({ info }) => info.length > 0)
    assert.equal(ours.length, 2, 'one sync for the deployment, one for the rollback')
    assert.match((await world.ends()).at(-1) ?? '', /^dev\.rollback pass/)
  })

  test('a commit whose deployment ended before it could be recorded is found in Git and taken back', async () => {
    await using world = await openEngineWorld({
      ...QUIET_WORLD,
      deploymentTimeout: '2s',
      wrapGit: (desiredState) => ({
        readFields: (...args) => desiredState.readFields(...args),
        findChange: (...args) => desiredState.findChange(...args),
        relate: (...args) => desiredState.relate(...args),
        lastChange: (...args) => desiredState.lastChange(...args),
        async change(change, signal) {
          const answer = await desiredState.change(change, signal)
          if (change.rollbackOf !== undefined) return answer
          // Pushed, and then the host never says so.
          return await new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason))
          })
        },
      }),
    })
    await world.trigger('delivery', `${IMAGE}:1.1.0`)
    await world.untilEnded(2)
    assert.deepEqual(await world.runs(), ['dev.delivery', 'dev.rollback'])
    assert.match((await world.ends()).at(-1) ?? '', /^dev\.rollback pass: rolled back/)
    assert.equal(await world.tagInGit(), '1.0.0')
    assert.equal((await world.repository.subjects()).length, 3)
  })
})
