import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { composeDeletion } from '../../src/compose-operations.ts'
import { LostCopyError } from '../../src/ports/upstreams.ts'
import { createFoldedProjections } from '../api/folded-projections.ts'
import { until } from '../end-to-end/until.ts'
import { simulatedProjects } from '../simulation/simulated-project.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'

test('of a project whose configuration is lost nothing is deleted, and the pass goes on', async () => {
  const clock = virtualClock(0)
  const store = createMemoryStore()
  const lines: string[] = []
  let passes = 0
  const lost = { code: 'unreachable', message: 'it is lost', retryable: true } as const
  const { start } = composeDeletion({
    settings: {},
    clock,
    log: {
      debug() {},
      info() {},
      warn: (data, message) => void lines.push(`${message} ${JSON.stringify(data)}`),
      error() {},
    },
    store: {
      ...store,
      releaseSpace() {
        passes++
        return Promise.resolve(false)
      },
    },
    projections: createFoldedProjections(store, []),
    projects: { ...simulatedProjects, snapshot: () => Promise.reject(new LostCopyError(lost)) },
    engine: { openRunsOf: () => [] },
    // Nothing is forgotten here that could have artifacts.
    artifacts: {} as Parameters<typeof composeDeletion>[0]['artifacts'],
  })
  const stop = start()
  try {
    clock.step(60_000)
    await until('a pass to end', () => (passes > 0 ? true : undefined), { patienceMs: 2_000 })
    assert.match(lines.join('\n'), /^nothing of a project is forgotten .*it is lost/)
  } finally {
    await stop()
  }
})
