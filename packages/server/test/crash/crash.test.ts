import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createProjections } from '../../src/adapters/projections/projections.ts'
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts'
import { openSqliteProjectionStorage } from '../../src/adapters/sqlite/sqlite-projection-storage.ts'
import type { Store, StoredEvent } from '../../src/ports/store.ts'
import { PROJECTIONS } from '../../src/projections/all-projections.ts'
import { seededRandom } from '../simulation/seeded-random.ts'
import { type CrashWorld, openCrashWorld } from './crash-world.ts'
import {
  type Answered,
  allRuns,
  answerHandovers,
  configure,
  triggerAll,
  triggerChecks,
} from './deliveries.ts'
import { acceptedSyncs, carryOut, drawKills } from './kills.ts'
import { type PatientClient, patientClient } from './patient-client.ts'
import { countSyncs } from './syncs-of-tasks.ts'

/** Another story: `CRASH_SEED=7 npm test -- crash`. */
const SEED = Number(process.env['CRASH_SEED'] ?? 20)
const KILLS = 20
const SERVICES = ['carts', 'orders', 'payment', 'queue', 'shipping', 'users', 'web', 'zones']
const TAGS = ['1.1.0', '1.2.0']
/** They go through Argo CD and Git, which takes seconds each; the others only wait for a service outside. */
const DELIVERIES = SERVICES.length * TAGS.length
const LANES = 23
const CHECKS_PER_LANE = 8
const SEQUENCES = DELIVERIES + LANES * CHECKS_PER_LANE
/** A machine that does other work too: `CRASH_PATIENCE_MS=400000`. */
const PATIENCE_MS = Number(process.env['CRASH_PATIENCE_MS'] ?? 150_000)
/** Twenty starts of a server need twenty times as long as one, on any machine. */
const LIMIT_MS = PATIENCE_MS + 20_000
const LOOK_EVERY_MS = 200

test('two hundred sequences outlive twenty kills of the server, and nothing happens twice', {
  timeout: LIMIT_MS,
}, async (t) => {
  t.diagnostic(`seed ${SEED}`)
  await using world = await openCrashWorld(SERVICES, SEED)
  const answered = await tellStory(t, world).catch((error: unknown) => {
    t.diagnostic(world.server.output())
    throw error
  })
  assert.equal(await world.server.stop(), 0, world.server.output())
  const { store, close } = openSqlite({ file: join(world.dataDir, 'tiphys.db') })
  try {
    const log = await wholeLog(store)
    assertAllInLog(answered, log)
    const { rows, broken } = await store.verify()
    assert.equal(broken, undefined, 'the hash chain is whole')
    assert.equal(rows, log.length)
    assertOneSyncEach(t, world, log)
    await assertOneCommitEach(world, log)
    await assertRebuiltIsLive(world, store)
  } finally {
    await close()
  }
})

/** Triggers everything, kills the server again and again while it works, and waits until all is over. */
async function tellStory(t: TestContext, world: CrashWorld): Promise<Answered[]> {
  const { server, simulator } = world
  const isOver = new AbortController()
  const signal = AbortSignal.any([isOver.signal, AbortSignal.timeout(PATIENCE_MS)])
  const client = patientClient(world.url, world.token, AbortSignal.timeout(PATIENCE_MS))
  await server.start()
  const lanes = Array.from({ length: LANES }, (_, index) => `lane-${index}`)
  await configure(world, client, [...SERVICES, ...lanes])
  const triggered = await Promise.all([
    ...SERVICES.map((service) => triggerAll(client, service, TAGS)),
    ...lanes.map((service) => triggerChecks(client, service, CHECKS_PER_LANE)),
  ])
  assert.equal((await allRuns(client)).length, SEQUENCES, 'all of them are under way')
  let answeredHandovers = 0
  const handovers = answerHandovers(client, signal, () => {
    answeredHandovers += 1
  })
  const progress = {
    steps: () => answeredHandovers + acceptedSyncs(simulator),
    total: SEQUENCES + DELIVERIES,
  }
  try {
    const kills = drawKills(seededRandom(SEED), KILLS, progress.total)
    const stepsAtKill = await carryOut(kills, server, simulator, progress)
    t.diagnostic(`killed after ${stepsAtKill.join(', ')} of ${progress.total} steps`)
    assert.equal(stepsAtKill.length, KILLS)
    assert.ok(
      stepsAtKill.every((steps) => steps < progress.total),
      'each came while sequences ran',
    )
    await untilAllEnded(client)
  } finally {
    isOver.abort()
  }
  const answered = [...triggered.flat(), ...(await handovers)]
  const recognised = answered.filter(({ isRepeat }) => isRepeat).length
  t.diagnostic(
    `${client.repeats()} requests met a dead server and were sent again; ${recognised} events had been taken before, and were recognised`,
  )
  return answered
}

async function untilAllEnded(client: PatientClient): Promise<void> {
  for (;;) {
    const runs = await allRuns(client)
    if (runs.every(({ open }) => !open)) {
      assert.equal(runs.length, SEQUENCES, 'nothing started a run but the deliveries')
      const bad = runs.filter(({ result }) => result !== 'pass')
      assert.deepEqual(
        bad.map(({ service, image, message }) => ({ service, image, message })),
        [],
      )
      return
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

function assertAllInLog(answered: readonly Answered[], log: readonly StoredEvent[]): void {
  assert.equal(answered.length, SEQUENCES * 3, 'a trigger, a started and a finished each')
  const rows = Map.groupBy(log, ({ event }) => event['tiphysclientid'])
  for (const { id, type, context } of answered) {
    const found = rows.get(id) ?? []
    assert.deepEqual(
      found.map(({ event }) => [event.type, event.shkeptncontext]),
      [[type, context]],
      'an event that was answered with 200 is in the log, once',
    )
  }
}

function assertOneSyncEach(t: TestContext, world: CrashWorld, log: readonly StoredEvent[]): void {
  const syncs = countSyncs(log, world.simulator.counts())
  t.diagnostic(
    `${syncs.tasks.length} deployment tasks, ${syncs.accepted} accepted syncs; repeated: ${syncs.repeated.length}; accepted while the server died before it could note so, and recognised at its next look: ${syncs.recognised.length}`,
  )
  assert.equal(syncs.tasks.length, DELIVERIES)
  assert.deepEqual(syncs.repeated, [], 'Argo CD could always tell, so nothing excuses a repeat')
  assert.deepEqual(syncs.without, [])
  assert.equal(syncs.strange, 0)
  assert.equal(syncs.accepted, DELIVERIES)
  assert.ok(syncs.recognised.length > 0, 'the first kill came before the answer')
}

/** The other side effect: pushes that outlived the process that made them are found by their key. */
async function assertOneCommitEach(world: CrashWorld, log: readonly StoredEvent[]): Promise<void> {
  const format = '--format=%(trailers:key=Tiphys-Run,valueonly,separator=%x2C)'
  const printed = await world.repository.run(['log', format, 'refs/heads/main'])
  const commits = printed.split('\n').filter((run) => run !== '')
  const runs = log
    .filter(({ event }) => event.type.endsWith('.delivery.triggered'))
    .map(({ event }) => event.id)
  assert.deepEqual(commits.sort(), runs.sort())
  const last = TAGS.at(-1)
  for (const service of SERVICES) {
    const file = await world.repository.show(`apps/${service}/kustomization.yaml`)
    assert.match(file, new RegExp(`newTag: "?${last}`))
  }
}

async function assertRebuiltIsLive(world: CrashWorld, store: Store): Promise<void> {
  const storage = openSqliteProjectionStorage(join(world.dataDir, 'projections.db'))
  const projections = createProjections({ store, storage, projections: PROJECTIONS })
  try {
    await projections.catchUp()
    const live = await projections.dump()
    assert.equal(Object.keys(live['runs'] ?? {}).length, SEQUENCES)
    await projections.rebuild()
    assert.deepEqual(await projections.dump(), live)
  } finally {
    await projections.close()
  }
}

const PAGE_ROWS = 1_000

async function wholeLog(store: Store): Promise<StoredEvent[]> {
  const log: StoredEvent[] = []
  for (;;) {
    const rows = await store.readLog(log.at(-1)?.position ?? 0, PAGE_ROWS)
    if (rows.length === 0) return log
    log.push(...rows)
  }
}
