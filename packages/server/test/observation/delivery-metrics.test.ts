import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createDeliveryMetrics } from '../../src/observation/delivery-metrics.ts'
import { brokenSince } from '../../src/observation/history.ts'
import { createPrometheusMeter } from '../../src/observation/prometheus-meter.ts'
import type { RunFacts } from '../../src/observation/run-facts.ts'
import type { RunDocument } from '../../src/projections/runs-document.ts'
import { sample } from './observed-server.ts'

const PLACE = { project: 'shop', stage: 'production' }

function runOf(change: Partial<RunFacts> = {}): RunFacts {
  return {
    ...{ runId: 'r', context: 'c', projectId: 'p1', ...PLACE, service: 'carts' },
    ...{ sequence: 'delivery', triggeredMs: 0, names: ['deployment'], tasks: new Map() },
    ...{ isObserved: false, isRerun: false, hasDeployed: true, hasRolledBack: false },
    ...change,
  }
}

function measuring(brokenSinceMs?: number) {
  const meter = createPrometheusMeter({ maxProjects: 9, maxStages: 9 })
  let asked = 0
  const delivery = createDeliveryMetrics({
    meter,
    history: {
      contextBeganMs: () => Promise.resolve(undefined),
      brokenSinceMs() {
        asked++
        return Promise.resolve(brokenSinceMs)
      },
    },
    onProblem: (error) => assert.fail(String(error)),
  })
  const restored = async () => {
    await delivery.settled()
    const page = await meter.page()
    const name = 'tiphys_time_to_restore_seconds'
    return [sample(page, `${name}_count`, PLACE) ?? 0, sample(page, `${name}_sum`, PLACE) ?? 0]
  }
  return { delivery, restored, asked: () => asked }
}

describe('time to restore', () => {
  it('runs from the first failed change to what mends it, and asks the past once', async () => {
    const { delivery, restored, asked } = measuring()
    delivery.ended(runOf(), 'fail', 10_000)
    delivery.ended(runOf(), 'errored', 11_000)
    delivery.ended(runOf(), 'fail', 12_000)
    delivery.ended(runOf(), 'warning', 40_000)
    delivery.ended(runOf(), 'pass', 50_000)
    assert.deepEqual(await restored(), [1, 30])
    assert.equal(asked(), 1)
  })

  it('ends with a rollback, also one that happened before it was clear that there was one', async () => {
    const { delivery, restored } = measuring(5_000)
    const rollback = runOf({ hasDeployed: false, hasRolledBack: true })
    delivery.ended(rollback, 'pass', 20_000)
    assert.deepEqual(await restored(), [1, 15])
  })

  it('ends with a re-run that passes, and not with one that fails', async () => {
    const { delivery, restored } = measuring()
    const rerun = runOf({ hasDeployed: false, isRerun: true })
    delivery.ended(runOf(), 'fail', 10_000)
    delivery.ended(rerun, 'fail', 20_000)
    delivery.ended(rerun, 'pass', 30_000)
    assert.deepEqual(await restored(), [1, 20])
  })

  it('is not told of runs that deployed nothing, nor of other lanes', async () => {
    const { delivery, restored } = measuring()
    delivery.ended(runOf(), 'fail', 10_000)
    delivery.ended(runOf({ hasDeployed: false }), 'pass', 20_000)
    delivery.ended(runOf({ service: 'orders' }), 'pass', 20_000)
    assert.deepEqual(await restored(), [0, 0])
  })
})

describe('since when a lane is broken, of its runs in the lists', () => {
  let endedMs = 0
  /** Runs in the order in which they happened; only what is read of a document. */
  const since = (...runs: [string, Partial<RunDocument>?][]) => {
    endedMs = 0
    const documents = runs.map(([tasks, more]) => {
      endedMs += 1_000
      const [result = 'pass', ...done] = tasks.split(' ')
      return {
        ...{ endedMs, end: { status: 'succeeded', result } },
        tasks: done.map((name) => ({ name, outcome: { status: 'succeeded', result: 'pass' } })),
        ...more,
      } as unknown as RunDocument
    })
    return brokenSince(documents.reverse())
  }

  it('is the first failure behind the last repair', () => {
    assert.equal(since(), undefined)
    assert.equal(since(['pass deployment']), undefined)
    assert.equal(since(['pass deployment'], ['fail deployment'], ['fail deployment']), 2_000)
    assert.equal(since(['fail deployment'], ['pass rollback']), undefined)
    assert.equal(since(['fail deployment'], ['pass deployment']), undefined)
    assert.equal(since(['fail deployment'], ['pass'], ['fail']), 1_000, 'others deploy nothing')
    assert.equal(since(['fail', { source: 'argocd' }]), 1_000, 'Argo CD deployed it')
    const rerun = { rerun: { of: 'r', from: 1, fromTask: 'test' } }
    assert.equal(since(['fail deployment'], ['pass', rerun]), undefined)
    assert.equal(since(['fail deployment'], ['fail', rerun]), 1_000)
  })
})
