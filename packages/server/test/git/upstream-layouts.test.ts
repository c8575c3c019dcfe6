import { strict as assert } from 'node:assert'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { GitConfiguration } from '../../src/adapters/git/git-configuration.ts'
import type { Place } from '../../src/ports/configuration.ts'
import {
  emptyRepository,
  keptnInBranches,
  keptnInDirectories,
  NOW_MS,
  openUpstreamWorld,
  SHIPYARD,
  type UpstreamWorld,
} from './upstream-world.ts'

const PROJECT = { level: 'project' } as const satisfies Place
const DEV = { level: 'stage', stage: 'dev' } as const satisfies Place
const CARTS = { level: 'service', stage: 'dev', service: 'carts' } as const satisfies Place
const PROD_CARTS = { level: 'service', stage: 'prod', service: 'carts' } as const satisfies Place

function adopt(world: UpstreamWorld, name: string, shipyard?: string) {
  const given = shipyard === undefined ? {} : { shipyard }
  return world.configuration.upstreams.create({
    projectId: 'p1',
    name: 'shop',
    createdMs: NOW_MS,
    connection: world.connection(name),
    ...given,
  })
}

async function read(configuration: GitConfiguration, place: Place, uri: string, pin?: object) {
  const at = (pin ?? (await configuration.head('p1'))) as Readonly<Record<string, string>>
  const content = await configuration.read('p1', place, uri, at)
  return content === undefined ? undefined : new TextDecoder().decode(content)
}

async function uris(configuration: GitConfiguration, place: Place) {
  const all = await configuration.list('p1', await configuration.head('p1'))
  return all.flatMap((entry) =>
    JSON.stringify(entry.place) === JSON.stringify(place) ? [entry.uri] : [],
  )
}

async function write(
  configuration: GitConfiguration,
  place: Place,
  files: Readonly<Record<string, string | undefined>>,
  stages: readonly string[] = [],
) {
  const contents = Object.entries(files).map(([uri, text]) => [
    uri,
    text === undefined ? undefined : new TextEncoder().encode(text),
  ])
  const change = { place, files: Object.fromEntries(contents), message: 'Updated resource', stages }
  const written = await configuration.write('p1', change)
  assert.ok(written.code === 'written', JSON.stringify(written))
  return written
}

test('a branch for each stage is adopted as it is', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInBranches(world, 'shop')
  const before = await repository.run(['for-each-ref'])
  assert.deepEqual(await adopt(world, 'shop'), { code: 'adopted', services: ['carts'] })
  assert.equal(await repository.run(['for-each-ref']), before)
  const { configuration } = world
  assert.deepEqual(configuration.layoutOf('p1'), { kind: 'branch-per-stage', mainBranch: 'master' })
  assert.deepEqual(await configuration.head('p1'), {
    dev: await repository.head('dev'),
    master: await repository.head('master'),
    prod: await repository.head('prod'),
  })
  assert.equal(await read(configuration, CARTS, 'slo.yaml'), '# dev\n')
  assert.equal(await read(configuration, PROD_CARTS, 'slo.yaml'), '# prod\n')
  assert.equal(await read(configuration, PROJECT, 'slo.yaml'), '# project\n')
  assert.deepEqual(await uris(configuration, CARTS), ['metadata.yaml', 'slo.yaml'])
  assert.deepEqual(await uris(configuration, DEV), [])
  assert.deepEqual(await uris(configuration, PROJECT), [
    'metadata.yaml',
    'shipyard.yaml',
    'slo.yaml',
  ])
})

test('with a branch for each stage a write goes to its branch, a service away from all', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInBranches(world, 'shop')
  await adopt(world, 'shop')
  const { configuration } = world
  const master = await repository.head('master')
  const written = await write(configuration, CARTS, { 'slo.yaml': 'new', 'jmeter/load.jmx': 'x' })
  assert.equal(written.commitId, await repository.head('dev'))
  assert.equal(await repository.show('carts/slo.yaml', 'dev'), 'new')
  assert.equal(await repository.head('master'), master)
  await write(configuration, DEV, { 'prometheus/sli.yaml': 'sli' })
  assert.equal(await repository.show('prometheus/sli.yaml', 'dev'), 'sli')
  await write(configuration, CARTS, { 'jmeter/load.jmx': undefined })
  assert.deepEqual(await uris(configuration, CARTS), ['metadata.yaml', 'slo.yaml'])
  await configuration.addServices('p1', ['orders'], ['dev', 'prod'])
  assert.deepEqual((await repository.subjects('prod')).slice(-1), ['Added service: orders'])
  assert.match(await repository.show('orders/metadata.yaml', 'dev'), /servicename: orders/)
  const removed = await configuration.removePlaces('p1', [CARTS, PROD_CARTS], {
    message: 'Removed service: carts',
  })
  assert.equal(removed.code, 'written')
  for (const stage of ['dev', 'prod']) {
    const files = await repository.run(['ls-tree', '-r', '--name-only', stage])
    assert.equal(files.includes('carts/'), false, stage)
    assert.deepEqual((await repository.subjects(stage)).slice(-1), ['Removed service: carts'])
  }
  assert.equal(await read(configuration, CARTS, 'slo.yaml', written.pin), 'new')
})

test('a stage that comes later gets its branch, with the shipyard that brings it', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInBranches(world, 'shop')
  await adopt(world, 'shop')
  const { configuration } = world
  const shipyard = SHIPYARD.replace('name: prod', 'name: canary')
  const stages = ['dev', 'canary']
  const written = await write(configuration, PROJECT, { 'shipyard.yaml': shipyard }, stages)
  assert.equal(written.commitId, await repository.head('master'))
  assert.equal(await repository.head('canary'), written.commitId)
  const place = { level: 'service', stage: 'canary', service: 'carts' } as const
  await write(configuration, place, { 'slo.yaml': 'c' })
  assert.equal(await repository.show('carts/slo.yaml', 'canary'), 'c')
  assert.equal(await repository.head('master'), written.commitId)
})

test('no stage gets the branch of the project’s own files', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInBranches(world, 'shop')
  await adopt(world, 'shop')
  const { configuration } = world
  const before = await repository.run(['for-each-ref'])
  const message = "stage master would have the branch of the project's own files as its branch"
  const text = new TextEncoder().encode(SHIPYARD.replace('name: prod', 'name: master'))
  const change = { message: 'Updated resource', files: { 'shipyard.yaml': text } }
  assert.deepEqual(
    await configuration.write('p1', { ...change, place: PROJECT, stages: ['dev', 'master'] }),
    { code: 'invalid-uri', message },
  )
  const place = { level: 'service', stage: 'master', service: 'carts' } as const
  const files = { 'slo.yaml': text }
  assert.deepEqual(await configuration.write('p1', { ...change, place, files }), {
    code: 'invalid-uri',
    message,
  })
  assert.deepEqual(await configuration.addServices('p1', ['orders'], ['dev', 'master']), {
    code: 'invalid-uri',
    message,
  })
  await configuration.removePlaces('p1', [place], { message: 'Removed' })
  assert.equal(await repository.run(['for-each-ref']), before)
})

test('a host without atomic pushes gets all branches all the same', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInBranches(world, 'shop')
  await repository.run(['config', 'receive.advertiseAtomic', 'false'])
  await adopt(world, 'shop')
  await world.configuration.addServices('p1', ['orders'], ['dev', 'prod'])
  for (const stage of ['dev', 'prod']) {
    assert.match(await repository.show('orders/metadata.yaml', stage), /servicename: orders/)
  }
})

test('of several branches a push goes everywhere or nowhere', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInBranches(world, 'shop')
  await adopt(world, 'shop')
  const dev = await repository.head('dev')
  let isFirst = true
  world.host.beforePush(async () => {
    if (isFirst) await repository.commit({ rival: 'x' }, { branch: 'prod', message: 'rival' })
    isFirst = false
  })
  const added = await world.configuration.addServices('p1', ['orders'], ['dev', 'prod'])
  assert.equal(added.code, 'written', JSON.stringify(added))
  assert.deepEqual((await repository.subjects('prod')).slice(-2), [
    'rival',
    'Added service: orders',
  ])
  const onDev = await repository.run(['rev-list', `${dev}..dev`])
  assert.equal(onDev.trim().split('\n').length, 1)
})

test('a commit id stands for the stage’s branch, with the newest files of the project', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInBranches(world, 'shop')
  await adopt(world, 'shop')
  const { configuration } = world
  const dev = await repository.head('dev')
  await write(configuration, CARTS, { 'slo.yaml': 'newer' })
  const master = await repository.head('master')
  assert.deepEqual(await configuration.pinOf('p1', dev, 'dev'), { master, dev })
  assert.deepEqual(await configuration.pinOf('p1', dev), { master, dev })
  assert.equal(await configuration.pinOf('p1', dev, 'prod'), undefined)
  assert.deepEqual(await configuration.pinOf('p1', master), { master })
  assert.deepEqual(await configuration.pinOf('p1', master, 'dev'), { master })
  assert.equal(await read(configuration, CARTS, 'slo.yaml', { master, dev }), '# dev\n')
  assert.equal(await read(configuration, PROJECT, 'slo.yaml', { master, dev }), '# project\n')
  assert.equal(await read(configuration, CARTS, 'slo.yaml', { master }), undefined)
})

test('directories on one branch are adopted as they are, whatever the branch is called', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInDirectories(world, 'shop')
  const head = await repository.head('trunk')
  assert.deepEqual(await adopt(world, 'shop', SHIPYARD), { code: 'adopted', services: ['carts'] })
  assert.equal(await repository.head('trunk'), head)
  const { configuration } = world
  assert.deepEqual(await configuration.head('p1'), { trunk: head })
  assert.equal(await read(configuration, CARTS, 'slo.yaml'), '# dev\n')
  assert.deepEqual(await uris(configuration, PROJECT), ['metadata.yaml', 'shipyard.yaml'])
  assert.deepEqual(await uris(configuration, DEV), ['metadata.yaml'])
  const written = await write(configuration, PROD_CARTS, { 'slo.yaml': 'p' })
  assert.equal(written.commitId, await repository.head('trunk'))
  assert.equal(await repository.show('.keptn-stages/prod/carts/slo.yaml', 'trunk'), 'p')
  assert.equal(await repository.show('.gitignore', 'trunk'), '*.swp\n')
})

test('another shipyard than the one that is there is refused, and nothing is adopted', async () => {
  await using world = await openUpstreamWorld()
  await keptnInDirectories(world, 'shop')
  const answer = await adopt(world, 'shop', SHIPYARD.replace('prod', 'production'))
  assert.ok(answer.code === 'upstream-taken')
  assert.match(answer.message, /holds a project with another shipyard.yaml; leave the shipyard out/)
  assert.deepEqual(world.configuration.upstreams.projectIds(), [])
})

test('what somebody pushes is seen: files, services and stages', async () => {
  await using world = await openUpstreamWorld()
  const repository = await keptnInBranches(world, 'shop')
  await adopt(world, 'shop')
  await repository.commit(
    { 'orders/metadata.yaml': 'x', 'orders/slo.yaml': 'o' },
    { branch: 'prod' },
  )
  await repository.run(['branch', 'feature/x', 'prod'])
  const look = await world.configuration.upstreams.look('p1')
  assert.deepEqual(look, { code: 'looked', changed: true, services: ['carts', 'orders'] })
  const orders = { level: 'service', stage: 'prod', service: 'orders' } as const
  assert.equal(await read(world.configuration, orders, 'slo.yaml'), 'o')
  await repository.run(['branch', '-D', 'master'])
  const lost = await world.configuration.upstreams.look('p1')
  assert.ok(lost.code === 'failed')
  assert.match(lost.failure.message, /has no branch master any more$/)
  assert.equal(await read(world.configuration, PROJECT, 'slo.yaml'), '# project\n')
})

test('an embedded project gets an upstream with its whole history, and old pins still read', async () => {
  await using world = await openUpstreamWorld()
  const { configuration } = world
  const files = { 'shipyard.yaml': new TextEncoder().encode(SHIPYARD) }
  await configuration.createProject('p1', files, { name: 'shop', createdMs: NOW_MS })
  const { pin } = await write(configuration, CARTS, { 'slo.yaml': 'old' })
  const repository = await emptyRepository(world, 'shop', 'trunk')
  const attached = await configuration.upstreams.attach('p1', world.connection('shop'))
  assert.deepEqual(attached, { code: 'attached' })
  assert.deepEqual(await repository.subjects('trunk'), ['initialized project', 'Updated resource'])
  await write(configuration, CARTS, { 'slo.yaml': 'new' })
  assert.equal(await repository.show('.keptn-stages/dev/carts/slo.yaml', 'trunk'), 'new')
  assert.equal(await read(configuration, CARTS, 'slo.yaml', pin), 'old')
})

test('a project moves to another host, or to a mirror; a stranger’s repository is refused', async () => {
  await using world = await openUpstreamWorld()
  const first = await keptnInBranches(world, 'first')
  await adopt(world, 'first')
  const { upstreams } = world.configuration
  const second = await emptyRepository(world, 'second')
  assert.deepEqual(await upstreams.attach('p1', world.connection('second')), { code: 'attached' })
  for (const branch of ['master', 'dev', 'prod']) {
    assert.equal(await second.head(branch), await first.head(branch))
  }
  const mirrored = await upstreams.attach('p1', world.connection('first'))
  assert.deepEqual(mirrored, { code: 'attached' })
  const stranger = await emptyRepository(world, 'stranger', 'master')
  await stranger.commit({ 'shipyard.yaml': SHIPYARD }, { branch: 'master', message: 'not ours' })
  await world.host.createRepository('docs', { 'README.md': '#\n' })
  for (const [name, why] of [
    ['stranger', /is not empty and does not hold the history of this project/],
    ['docs', /is not empty; the history of a project needs a repository without commits/],
  ] as const) {
    const refused = await upstreams.attach('p1', world.connection(name))
    assert.ok(refused.code === 'upstream-taken', JSON.stringify(refused))
    assert.match(refused.message, why)
  }
  assert.equal(upstreams.stateOf('p1')?.connection.remoteUrl, world.host.urlOf('first'))
})

test('other credentials are tried before they replace the ones that work', async () => {
  await using world = await openUpstreamWorld()
  world.host.requirePassword('tiphys', 'old')
  await keptnInDirectories(world, 'shop')
  const old = world.connection('shop', { token: 'old' })
  await world.configuration.upstreams.create({
    projectId: 'p1',
    name: 'shop',
    createdMs: 0,
    connection: old,
  })
  const wrong = await world.configuration.upstreams.attach('p1', { ...old, token: 'wrong' })
  assert.equal(wrong.code, 'upstream-failed')
  await write(world.configuration, CARTS, { 'slo.yaml': '1' })
  world.host.requirePassword('tiphys', 'new')
  const right = await world.configuration.upstreams.attach('p1', { ...old, token: 'new' })
  assert.equal(right.code, 'attached')
  await write(await world.reopen(), CARTS, { 'slo.yaml': '2' })
  // With a token that went stale and without a local copy, the new token brings the project back.
  world.host.requirePassword('tiphys', 'newest')
  await rm(join(world.folder, 'configuration'), { recursive: true })
  const lost = await world.reopen()
  assert.equal((await lost.upstreams.look('p1')).code, 'failed')
  const elsewhere = await lost.upstreams.attach('p1', world.connection('other'))
  assert.match(JSON.stringify(elsewhere), /the local copy of the project is lost/)
  const back = await lost.upstreams.attach('p1', { ...old, token: 'newest' })
  assert.equal(back.code, 'attached', JSON.stringify(back))
  assert.equal(await read(lost, CARTS, 'slo.yaml'), '2')
})
