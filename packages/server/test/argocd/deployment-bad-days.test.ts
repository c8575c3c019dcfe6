import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import type { Fault } from '@tiphys/argocd-simulator/faults.ts'
import { createDeploymentExecutor } from '../../src/executors/deployment/deployment.ts'
import type { TaskAnswer } from '../../src/executors/executor.ts'
import type { GitFailure } from '../../src/ports/desired-state.ts'
import {
  eventually,
  IMAGE,
  type JobOptions,
  jobFor,
  type Note,
  openWorld,
  type World,
  type WorldOptions,
} from './argocd-world.ts'

type Finished = Extract<TaskAnswer, { code: 'finished' }>

function begin(world: World, options: JobOptions = {}) {
  const task = jobFor(world, 'deployment', { image: `${IMAGE}:1.1.0`, ...options })
  const done = createDeploymentExecutor(world.powers).execute(task.job)
  return { task, done }
}

async function passed(done: Promise<TaskAnswer>): Promise<Finished> {
  const answer = await done
  assert.ok(answer.code === 'finished')
  assert.deepEqual([answer.status, answer.result], ['succeeded', 'pass'], answer.message)
  return answer
}

async function oneOfEach(world: World): Promise<void> {
  assert.equal((await world.repository.subjects()).length, 2, 'one commit of ours')
  const ours = world.counts().operations.filter(({ info }) => info.length > 0)
  assert.equal(ours.length, 1, 'one sync of ours')
}

const SLOW: WorldOptions = { simulator: { timingPreset: 'fast', timing: { syncMs: 500 } } }

// Most of the time is waiting for Argo CD's whole seconds, so several wait together.
describe('deployment on bad days', { concurrency: 3 }, () => {
  test('Argo CD down at the start: the task waits, says so, and goes on when it is back', async () => {
    await using world = await openWorld()
    world.simulator.setFault({ down: true })
    const { task, done } = begin(world)
    await eventually(() => task.progress.length > 0)
    assert.match(task.progress[0] ?? '', /cannot read application carts on Argo CD default/)
    world.simulator.clearFaults()
    await passed(done)
    await oneOfEach(world)
  })

  test('Argo CD gone, slow or broken in the middle: nothing is lost and nothing is done twice', async () => {
    const faults: Fault[] = [
      { down: true, times: 4 },
      { status5xx: 503, times: 4 },
      { slowMs: 300, times: 6 },
      { loseAnswer: true, times: 1, match: '^POST .*/sync' },
      { status5xx: 502, times: 2, match: '^POST .*/sync' },
    ]
    const meet = async (fault: Fault) => {
      await using world = await openWorld(SLOW)
      const onNote = ({ data }: Note) => {
        if (data['step'] === 'committed') world.simulator.setFault(fault)
      }
      const { done } = begin(world, { onNote })
      await passed(done)
      await oneOfEach(world)
    }
    await Promise.all(faults.map(meet))
  })

  test('Argo CD down until the deadline: errored, with its last words', async () => {
    await using world = await openWorld()
    const { task, done } = begin(world, {
      timeoutMs: 2_000,
      onNote: ({ data }) => {
        if (data['step'] === 'committed') world.simulator.setFault({ status5xx: 503 })
      },
    })
    const answer = await done
    assert.ok(answer.code === 'finished')
    assert.deepEqual([answer.status, answer.result], ['errored', 'fail'])
    assert.match(
      answer.message,
      /^timed out: cannot read application carts on Argo CD default: HTTP 503/,
    )
    assert.equal(task.notes.at(-1)?.data['outcome'], 'unreachable')
  })

  test('a restart between any two steps goes on where it was', async () => {
    const stops: ((note: Note) => boolean)[] = [
      ({ data }) => data['step'] === 'planned',
      ({ data }) => data['step'] === 'committed',
      ({ type }) => type === 'deployment.sync-accepted',
      ({ data }) => data['step'] === 'ended',
    ]
    const restart = async (isReached: (note: Note) => boolean, isWritten: boolean) => {
      await using world = await openWorld(SLOW)
      const first = begin(world, {
        onNote: (note) => {
          if (isReached(note)) first.task.stopServer()
        },
      })
      await assert.rejects(first.done.then(() => first.task.job.signal.throwIfAborted()))
      // A crash may come before the fact that it follows was written.
      const cut = first.task.notes.findIndex(isReached)
      const notes = first.task.notes.slice(0, isWritten ? cut + 1 : cut)
      await passed(begin(world, { notes }).done)
      await oneOfEach(world)
    }
    await Promise.all(stops.flatMap((stop) => [restart(stop, true), restart(stop, false)]))
  })

  test('a restart while auto-sync works adopts its operation all the same', async () => {
    await using world = await openWorld({ ...SLOW, autoSync: true })
    const first = begin(world, {
      onNote: ({ data }) => {
        if (data['step'] === 'committed') first.task.stopServer()
      },
    })
    await assert.rejects(first.done)
    await passed(begin(world, { notes: first.task.notes }).done)
    assert.equal(world.counts().syncsAccepted, 0)
    assert.equal((await world.repository.subjects()).length, 2)
  })

  test('an abort ends a sync of ours that applied nothing yet, and leaves one that did', async () => {
    for (const appliesFirst of [false, true]) {
      await using world = await openWorld({
        simulator: {
          timingPreset: 'fast',
          // With a long probe the operation is over and only health is waited for.
          timing: appliesFirst ? { syncMs: 20, probeMs: 3_000 } : { syncMs: 5_000 },
        },
        deployed: false,
      })
      const { task, done } = begin(world)
      await eventually(() => {
        const state = world.simulator.application('carts').status.operationState
        return appliesFirst ? state?.phase === 'Succeeded' : state?.phase === 'Running'
      })
      task.end()
      await assert.rejects(done)
      const terminated = world.simulator.counts().requests[TERMINATED] ?? 0
      assert.equal(terminated, appliesFirst ? 0 : 1)
    }
  })

  const TERMINATED = 'DELETE /api/v1/applications/{name}/operation 200'

  test('an abort never touches an operation that is not ours', async () => {
    await using world = await openWorld({
      autoSync: true,
      deployed: false,
      simulator: { timingPreset: 'fast', timing: { syncMs: 2_000 } },
    })
    const { task, done } = begin(world)
    await eventually(() => world.simulator.application('carts').operation !== undefined)
    await eventually(() => task.progress.length > 0)
    task.end()
    await assert.rejects(done)
    assert.equal(world.simulator.counts().requests[TERMINATED], undefined)
  })

  test('another operation in progress is waited for, and is no failure', async () => {
    await using world = await openWorld(SLOW)
    await world.argocd.sync({ name: 'carts', project: 'shop' }, { infos: [] })
    await passed(begin(world).done)
    assert.equal(await world.tagInGit(), '1.1.0')
  })

  test('a push that the host refuses is errored with its words; one that may work later is tried again', async () => {
    const fault = (failure: GitFailure, times: number): WorldOptions => ({
      wrapGit: (desiredState) => {
        let left = times
        return {
          readFields: (...args) => desiredState.readFields(...args),
          findChange: (...args) => desiredState.findChange(...args),
          relate: (...args) => desiredState.relate(...args),
          lastChange: (...args) => desiredState.lastChange(...args),
          change: (...args) =>
            left-- > 0
              ? Promise.resolve({ code: 'failed', failure })
              : desiredState.change(...args),
        }
      },
    })
    const refused = {
      code: 'push-refused',
      message: 'the host said: protected branch',
      retryable: false,
    } as const
    await using closed = await openWorld({ ...fault(refused, 1), deployed: false })
    const answer = await begin(closed).done
    assert.ok(answer.code === 'finished')
    assert.deepEqual(
      [answer.status, answer.message],
      ['errored', 'the host said: protected branch'],
    )
    assert.equal(closed.counts().syncsAccepted, 0)

    const away = { code: 'unreachable', message: 'git host is away', retryable: true } as const
    await using later = await openWorld(fault(away, 2))
    const { task, done } = begin(later)
    await passed(done)
    assert.ok(task.progress.includes('git host is away'))
    await oneOfEach(later)
  })

  test('an opt-in that is taken away meanwhile stops the next write', async () => {
    await using world = await openWorld({ deployed: false })
    const { done } = begin(world, {
      onNote: ({ data }) => {
        if (data['step'] !== 'planned') return undefined
        return world.argocd.patch(
          { name: 'carts', project: 'shop' },
          { metadata: { annotations: { 'tiphys.dev/authorized': null } } },
        )
      },
    })
    const answer = await done
    assert.ok(answer.code === 'finished')
    assert.equal(answer.status, 'errored')
    assert.match(answer.message, /does not allow stage dev of project shop/)
    assert.equal(world.counts().syncsAccepted, 0)
  })
})
