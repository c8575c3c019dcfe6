import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { startVerdictFeed, type VerdictFeedParts } from '../../src/argocd/verdict-feed.ts'
import { LostCopyError } from '../../src/ports/upstreams.ts'
import { createFoldedProjections } from '../api/folded-projections.ts'
import { SIMULATED_SNAPSHOT } from '../simulation/simulated-project.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'
import { eventually, QUIET } from './argocd-world.ts'

test('a project whose configuration is lost holds up the verdicts of no other', async () => {
  const store = createMemoryStore()
  const documents = createMemoryDocuments()
  await documents.put('argocd-verdict-feed', 'cursor', { position: 0 })
  for (const projectId of ['lost', 'there']) {
    const data = { project: projectId, stage: 'dev', service: 'carts' }
    const type = 'sh.keptn.event.dev.delivery.finished'
    const event = { id: projectId, type, source: 'test', specversion: '1.0', time: '', data }
    const events = [{ event, meta: { k: 'end' }, projectId }]
    const write = { stream: `run/${projectId}/r1`, expectedVersion: 0, events, open: false }
    await store.commit({ writes: [write], nowMs: 0 })
  }
  const asked: string[] = []
  const failure = { code: 'unreachable', message: 'it is lost', retryable: true } as const
  const feed = startVerdictFeed({
    store,
    documents,
    projections: createFoldedProjections(store, []),
    deployments: {} as VerdictFeedParts['deployments'],
    engine: { submit: () => Promise.reject(new Error('nothing is annotated here')) },
    projects: {
      byId: () => ({}),
      snapshot(projectId) {
        asked.push(projectId)
        return projectId === 'lost'
          ? Promise.reject(new LostCopyError(failure))
          : Promise.resolve(SIMULATED_SNAPSHOT)
      },
    },
    clock: virtualClock(0),
    log: QUIET,
  })
  try {
    await eventually(() => asked.includes('there'))
    assert.deepEqual(asked, ['lost', 'there'])
  } finally {
    await feed.close()
  }
})
