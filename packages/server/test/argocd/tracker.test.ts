import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Application, OperationState } from '@tiphys/contract/argocd-application.ts'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import type { TrackerParts } from '../../src/argocd/considered.ts'
import type { RunNews } from '../../src/argocd/run-door.ts'
import { createStartLimit } from '../../src/argocd/start-limit.ts'
import { createTracker } from '../../src/argocd/tracker.ts'
import type { LastChangeAnswer } from '../../src/ports/desired-state.ts'
import type { DeploymentDocument } from '../../src/projections/deployments.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'
import { argocdYaml, LABELS, QUIET, snapshotOf } from './argocd-world.ts'

const NOW_MS = Date.UTC(2026, 0, 1, 12)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const signal = new AbortController().signal

function rfc3339(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('.000Z', 'Z')
}

/** An application whose last operation succeeded five seconds after its start, and is healthy since. */
function application(
  uid: string,
  startedMs: number,
  state: Partial<OperationState> = {},
): Application {
  return {
    metadata: { name: `carts-${uid}`, namespace: 'argocd', uid, labels: LABELS },
    spec: {
      project: 'shop',
      source: { repoURL: 'https://git.example.com/shop.git', path: 'carts' },
    },
    status: {
      sync: { status: 'Synced', revision: 'abc' },
      health: { status: 'Healthy' },
      reconciledAt: rfc3339(startedMs + 6_000),
      operationState: {
        phase: 'Succeeded',
        startedAt: rfc3339(startedMs),
        finishedAt: rfc3339(startedMs + 5_000),
        syncResult: { revision: 'abc' },
        ...state,
      },
    },
  }
}

type Change = {
  readonly git?: (paths: readonly string[]) => LastChangeAnswer
  readonly yaml?: string
  readonly deployments?: readonly DeploymentDocument[]
  readonly told?: 'told' | 'ended'
}

function openTracker(change: Change = {}) {
  const clock = virtualClock(NOW_MS)
  const started: string[] = []
  const news: RunNews[] = []
  const problems: RunNews[] = []
  const keys = new Set<string>()
  const unused = () => Promise.reject(new Error('not asked here'))
  const parts: TrackerParts = {
    instance: 'default',
    documents: createMemoryDocuments(),
    clock,
    log: QUIET,
    isKnownRun: (_projectId, runId) => Promise.resolve(runId.startsWith('run-')),
    deployments: {
      ofContext: unused,
      ofApplication: () => Promise.resolve(change.deployments ?? []),
    },
    desiredState: {
      readFields: unused,
      change: unused,
      findChange: unused,
      relate: unused,
      lastChange: ({ paths }) => Promise.resolve(change.git?.(paths) ?? { code: 'none' }),
    },
    projects: {
      find: (name) => (name === 'shop' ? { projectId: 'p-1' } : undefined),
      snapshot: () => Promise.resolve(snapshotOf(change.yaml)),
    },
    door: {
      submitTriggered({ dedupeKey, event }) {
        const isRepeat = keys.has(dedupeKey)
        keys.add(dedupeKey)
        if (!isRepeat) started.push(event.type)
        return Promise.resolve({ code: isRepeat ? 'repeat' : 'accepted', context: 'c' })
      },
      tellRun(told) {
        news.push(told)
        return Promise.resolve(change.told ?? 'told')
      },
      reportProblem(problem) {
        problems.push(problem)
        return Promise.resolve()
      },
    },
  }
  const tracker = createTracker(parts)
  return {
    clock,
    tracker,
    started,
    news,
    problems,
    /** Connected two hours ago. */
    async connected() {
      await tracker.bookmarks.connectedMs(NOW_MS - 2 * HOUR_MS)
      return this
    },
    /** Looks until it is settled, as the reconciler would. */
    async consider(seen: Application, more: { catchUpBeforeMs?: number } = {}) {
      for (;;) {
        const considered = await tracker.consider({ application: seen, signal, ...more })
        if (considered.code !== 'again' || considered.reason.includes('come first'))
          return considered
        clock.jump(Math.max(considered.afterMs, 1))
      }
    },
  }
}

const SECONDS_AGO = NOW_MS - 20_000

test('a foreign operation starts one run, however often it is looked at', async () => {
  const world = await openTracker().connected()
  const seen = application('u1', SECONDS_AGO)
  for (let look = 0; look < 3; look++) await world.consider(seen)
  assert.deepEqual(world.started, ['sh.keptn.event.dev.verify.triggered'])
})

test('two looks at once start one run', async () => {
  const world = await openTracker().connected()
  const seen = application('u1', SECONDS_AGO)
  await world.consider(seen)
  world.clock.jump(11_000)
  await Promise.all([world.consider(seen), world.consider(seen)])
  assert.equal(world.started.length, 1)
})

test('over an hour old: listed on an application that is known, baseline on one that is new', async () => {
  const world = await openTracker().connected()
  await world.consider(application('u1', SECONDS_AGO))
  world.clock.jump(3 * HOUR_MS)
  const late = world.clock.nowMs() - HOUR_MS - MINUTE_MS
  await world.consider(application('u1', late))
  await world.consider(application('u2', late))
  assert.equal(world.started.length, 1)
  const reasons = (await world.tracker.bookmarks.all()).map(({ reason }) => reason.split(':')[0])
  assert.deepEqual(reasons, ['listed', 'baseline'])
})

test('one that we watched run for hours is judged all the same', async () => {
  const world = await openTracker().connected()
  const startedMs = NOW_MS - MINUTE_MS
  const running = application('u1', startedMs, { phase: 'Running' })
  running.operation = {}
  await world.tracker.consider({ application: running, signal })
  world.clock.jump(3 * HOUR_MS)
  const done = application('u1', startedMs, { finishedAt: rfc3339(NOW_MS + 3 * HOUR_MS - 1_000) })
  done.status.reconciledAt = rfc3339(NOW_MS + 3 * HOUR_MS)
  await world.consider(done)
  assert.equal(world.started.length, 1)
})

test('after an outage ten a minute are started, the others wait their turn', async () => {
  const world = await openTracker().connected()
  const catchUp = { catchUpBeforeMs: NOW_MS }
  const all = Array.from({ length: 12 }, (_, index) => application(`u${index}`, SECONDS_AGO))
  const codes: string[] = []
  for (const seen of all) {
    const settled = await world.tracker.consider({ application: seen, signal, ...catchUp })
    codes.push(settled.code)
  }
  assert.ok(codes.every((code) => code === 'again'))
  world.clock.jump(11_000)
  for (const seen of all) await world.consider(seen, catchUp)
  assert.equal(world.started.length, 10)
  world.clock.jump(MINUTE_MS)
  for (const seen of all) await world.consider(seen, catchUp)
  assert.equal(world.started.length, 12)
})

test('the limit is a sliding minute', () => {
  const clock = virtualClock(NOW_MS)
  const limit = createStartLimit(clock)
  for (let start = 0; start < 10; start++) {
    assert.equal(limit.take(), 0)
    clock.jump(1_000)
  }
  assert.equal(limit.take(), 50_000)
  clock.jump(50_000)
  assert.equal(limit.take(), 0)
  assert.equal(limit.take(), 1_000)
})

test('while Git cannot say whose commit it is nothing is started; after ten minutes it counts as foreign', async () => {
  const failure = { code: 'unreachable', message: 'git host is away', retryable: true } as const
  const world = await openTracker({ git: () => ({ code: 'failed', failure }) }).connected()
  const seen = application('u1', SECONDS_AGO)
  const considered = await world.tracker.consider({ application: seen, signal })
  assert.ok(considered.code === 'again' && considered.reason === 'git host is away')
  await world.consider(seen)
  assert.equal(world.started.length, 1)
  assert.ok(world.clock.nowMs() - NOW_MS > 9 * MINUTE_MS)
})

test('a trailer counts only if the run it names was ever here', async () => {
  const commit = { commitId: 'abc', subject: '', author: '', timeMs: 0 }
  const ours = await openTracker({
    git: () => ({ code: 'found', commit: { ...commit, runId: 'run-1' } }),
  }).connected()
  await ours.consider(application('u1', SECONDS_AGO))
  assert.deepEqual(ours.started, [])
  const forged = await openTracker({
    git: () => ({ code: 'found', commit: { ...commit, runId: 'somebody-elses' } }),
  }).connected()
  await forged.consider(application('u1', SECONDS_AGO))
  assert.equal(forged.started.length, 1)
})

test('a run that adopts the operation while it is still looked at keeps it', async () => {
  const deployments: DeploymentDocument[] = []
  const world = await openTracker({ deployments }).connected()
  const seen = application('u1', SECONDS_AGO)
  const first = await world.tracker.consider({ application: seen, signal })
  assert.equal(first.code, 'again')
  const operation = seen.status.operationState?.startedAt ?? ''
  deployments.push({ ...deploymentOf('u1', undefined), operation })
  assert.equal((await world.consider(seen)).code, 'watched')
  assert.deepEqual(world.started, [])
})

test('Git is asked about the files of argocd.yaml too, which may lie outside of the folder', async () => {
  const asked: (readonly string[])[] = []
  const yaml = argocdYaml('https://git.example.com/shop.git').replace(
    'application: carts',
    'application: carts-u1',
  )
  const world = await openTracker({
    yaml: yaml.replace('file: carts/kustomization.yaml', 'file: values/dev/kustomization.yaml'),
    git: (paths) => {
      asked.push(paths)
      return { code: 'none' }
    },
  }).connected()
  await world.consider(application('u1', SECONDS_AGO))
  assert.deepEqual(asked[0], ['carts', 'values/dev/kustomization.yaml'])
})

const OURS: Partial<OperationState> = {
  operation: { info: [{ name: 'tiphys.dev/run', value: 'run-1' }] },
}

function deploymentOf(uid: string, outcome: string | undefined): DeploymentDocument {
  const record = { kind: 'deployment', ...(outcome === undefined ? {} : { outcome }) }
  return { by: 'tiphys', runId: 'run-1', instance: 'default', uid, record } as DeploymentDocument
}

async function degrade(change: Change, uid = 'u1') {
  const world = await openTracker(change).connected()
  const seen = application(uid, SECONDS_AGO, OURS)
  assert.equal((await world.consider(seen)).code, 'watched')
  seen.status.health = { status: 'Degraded' }
  for (let look = 0; look < 10; look++) {
    const considered = await world.consider(seen)
    if (considered.code === 'settled') break
    world.clock.jump(30_000)
  }
  return world
}

test('health that is lost after our own deployment was done is news to its run, once', async () => {
  const world = await degrade({ deployments: [deploymentOf('u1', 'succeeded')] })
  assert.deepEqual(
    world.news.map(({ runId, outcome, key }) => [runId, outcome, key.endsWith(':degraded')]),
    [['run-1', 'degraded', true]],
  )
  assert.deepEqual([world.started, world.problems], [[], []])
})

test('after the end of the run it is a problem', async () => {
  const world = await degrade({ deployments: [deploymentOf('u1', 'succeeded')], told: 'ended' })
  assert.equal(world.problems.length, 1)
})

test('a deployment that failed, or is still looked at by its task, is no news', async () => {
  for (const outcome of ['degraded', 'sync-failed', undefined]) {
    const world = await degrade({ deployments: [deploymentOf('u1', outcome)] })
    assert.deepEqual(world.news, [], String(outcome))
  }
})

test('health that is lost later than ten minutes after the operation belongs to nobody', async () => {
  const world = await openTracker({ deployments: [deploymentOf('u1', 'succeeded')] }).connected()
  const seen = application('u1', SECONDS_AGO, OURS)
  await world.consider(seen)
  world.clock.jump(11 * MINUTE_MS)
  seen.status.health = { status: 'Degraded' }
  assert.equal((await world.consider(seen)).code, 'settled')
  assert.deepEqual(world.news, [])
})

test('a sequence that is not in the shipyard starts nothing by a poll, and does by a notification', async () => {
  const world = await openTracker().connected()
  const seen = application('u1', SECONDS_AGO)
  seen.metadata.annotations = { 'tiphys.dev/sequence': 'unheard-of' }
  await world.consider(seen)
  assert.deepEqual(world.started, [])
  const [bookmark] = await world.tracker.bookmarks.all()
  assert.match(bookmark?.reason ?? '', /has no sequence unheard-of in stage dev/)
  const hint = {
    type: 'sh.keptn.event.dev.unheard-of.triggered',
    source: 's',
    context: 'c',
    data: {},
  }
  for (;;) {
    const considered = await world.tracker.consider({ application: seen, signal, hint })
    if (considered.code !== 'again') break
    world.clock.jump(considered.afterMs)
  }
  assert.deepEqual(world.started, ['sh.keptn.event.dev.unheard-of.triggered'])
})
