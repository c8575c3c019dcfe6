import { strict as assert } from 'node:assert'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { createSystemClock } from '../../src/adapters/system/system-clock.ts'
import { TIPHYS } from '../../src/intake/actor.ts'
import type { Store } from '../../src/ports/store.ts'
import { loadProjects } from '../../src/projects/create-projects.ts'
import { startFollowingUpstreams } from '../../src/projects/follow-upstreams.ts'
import { until } from '../end-to-end/until.ts'
import {
  emptyRepository,
  keptnInBranches,
  openUpstreamWorld,
  SHIPYARD,
  type UpstreamWorld,
} from '../git/upstream-world.ts'

const OFTEN_MS = 20

async function load(world: UpstreamWorld, store: Store, configuration = world.configuration) {
  const lines: string[] = []
  const say = (level: string) => (data: object, message: string) => {
    lines.push(`${level}: ${message} ${JSON.stringify(data)}`)
  }
  const log = { debug() {}, info: say('info'), warn: say('warn'), error: say('error') }
  const projects = await loadProjects({
    store,
    clock: createSystemClock(),
    configuration,
    upstreams: configuration.upstreams,
    newId: () => randomUUID(),
    checkFile: () => [],
    endRuns: () => Promise.resolve(),
    log,
  })
  return { projects, log, lines }
}

function adopt(world: UpstreamWorld, projects: Awaited<ReturnType<typeof load>>['projects']) {
  const upstream = world.connection('shop')
  return projects.create({ name: 'shop', upstream }, TIPHYS)
}

test('what people push becomes the newest configuration, without anybody asking', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInBranches(world, 'shop')
  const { projects, log, lines } = await load(world, createMemoryStore())
  const created = await adopt(world, projects)
  assert.ok(created.code === 'created')
  const { projectId } = created
  const stop = startFollowingUpstreams({
    projects,
    upstreams: world.configuration.upstreams,
    clock: createSystemClock(),
    log,
    everyMs: OFTEN_MS,
  })
  try {
    const canary = SHIPYARD.replace('name: prod', 'name: canary')
    await repository.commit({ 'shipyard.yaml': canary }, { branch: 'master' })
    await repository.commit({ 'Not_A_Name/metadata.yaml': 'x' }, { branch: 'dev' })
    await repository.commit({ 'orders/metadata.yaml': 'x' }, { branch: 'dev' })
    await until('the new stage and service', () => {
      const shop = projects.find('shop')
      const names = shop?.services.map(({ name }) => name).join()
      return shop?.stages.includes('canary') && names === 'carts,orders' ? true : undefined
    })
    const dev = await repository.head('dev')
    await until('the newest commit of the stage', () =>
      projects.loaded(projectId)?.stagePins?.get('dev')?.commitId === dev ? true : undefined,
    )
    assert.ok(lines.some((line) => line.startsWith('warn: a folder in the upstream has no name')))
    await world.host.goDown()
    const failing = () => lines.filter((line) => line.includes('cannot be followed'))
    await until('the failure to be told', () => failing()[0])
    assert.match(failing()[0] ?? '', /^warn: .*it cannot be reached/)
    await world.host.comeBack()
    await until('the recovery to be told', () => lines.find((line) => line.includes('again')))
    assert.equal(failing().length, 1)
  } finally {
    stop()
  }
})

test('a read asks the upstream first, a snapshot for an event does not', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInBranches(world, 'shop')
  const { projects } = await load(world, createMemoryStore())
  const created = await adopt(world, projects)
  assert.ok(created.code === 'created')
  const before = await projects.snapshot(created.projectId)
  const pushed = await repository.commit({ 'carts/slo.yaml': 'by hand' }, { branch: 'dev' })
  assert.equal(await projects.snapshot(created.projectId), before)
  world.clock.set(world.clock.nowMs() + 60_000)
  const place = { level: 'service', stage: 'dev', service: 'carts' } as const
  const read = await projects.readResource('shop', place, 'slo.yaml')
  assert.ok(read.code === 'found')
  assert.equal(read.commitId, pushed)
  assert.equal(new TextDecoder().decode(read.content), 'by hand')
  assert.equal((await projects.snapshot(created.projectId)).stagePins?.get('dev')?.commitId, pushed)
})

test('what a process left behind that died while it created a project is cleared away', async () => {
  await using world = await openUpstreamWorld()
  await keptnInBranches(world, 'shop')
  const connection = world.connection('shop')
  const begun = { projectId: 'half-made', name: 'shop', createdMs: 0, connection }
  assert.equal((await world.configuration.upstreams.create(begun)).code, 'adopted')
  const next = await world.reopen()
  const { projects } = await load(world, createMemoryStore(), next)
  assert.deepEqual(next.upstreams.projectIds(), [])
  await assert.rejects(next.head('half-made'))
  assert.equal((await adopt(world, projects)).code, 'created')
})

test('a project whose copy is lost while its host is down holds up no other', async () => {
  await using world = await openUpstreamWorld()
  await keptnInBranches(world, 'shop')
  const store = createMemoryStore()
  const { projects } = await load(world, store)
  assert.equal((await adopt(world, projects)).code, 'created')
  const files = { name: 'other', shipyard: SHIPYARD }
  const other = await projects.create(files, TIPHYS)
  assert.equal(other.code, 'created')
  const shop = projects.find('shop')
  await world.loseCopy(shop?.projectId ?? '')
  await world.host.goDown()
  const next = await load(world, store, await world.reopen())
  assert.deepEqual(next.projects.find('other')?.stages, ['dev', 'prod'])
  assert.deepEqual(next.projects.find('shop')?.stages, [])
  assert.ok(next.lines.some((line) => line.startsWith('error: the configuration of a project')))
  await world.host.comeBack()
  await next.projects.followUpstream(shop?.projectId ?? '')
  assert.deepEqual(next.projects.find('shop')?.stages, ['dev', 'prod'])
})

test('a project with services that gets an upstream makes them known there in one commit', async () => {
  await using world = await openUpstreamWorld()
  const repository = await emptyRepository(world, 'shop')
  const { projects } = await load(world, createMemoryStore())
  await projects.create({ name: 'shop', shipyard: SHIPYARD }, TIPHYS)
  for (const service of ['carts', 'orders', 'users']) {
    assert.equal((await projects.createService('shop', service, TIPHYS)).code, 'created')
  }
  const place = { level: 'service', stage: 'dev', service: 'carts' } as const
  await projects.writeResources('shop', place, { 'slo.yaml': Buffer.from('a') }, TIPHYS)
  const attach = () => projects.attachUpstream('shop', world.connection('shop'), TIPHYS)
  assert.equal((await attach()).code, 'attached')
  const subjects = ['initialized project', 'Updated resource', 'Added 3 services']
  assert.deepEqual(await repository.subjects(), subjects)
  for (const stage of ['dev', 'prod']) {
    for (const service of ['carts', 'orders', 'users']) {
      const file = `.keptn-stages/${stage}/${service}/metadata.yaml`
      assert.match(await repository.show(file), new RegExp(service))
    }
  }
  assert.equal((await attach()).code, 'attached')
  assert.deepEqual(await repository.subjects(), subjects)
  assert.equal((await projects.createService('shop', 'late', TIPHYS)).code, 'created')
  assert.deepEqual(await repository.subjects(), [...subjects, 'Added service: late'])
})
