import { strict as assert } from 'node:assert'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { begin, begun, CARTS, PROJECT, read, refusalOf, write } from './upstream-project.ts'
import { emptyRepository, NOW_MS, openUpstreamWorld, SHIPYARD, TOKEN } from './upstream-world.ts'

test('a project begins in an empty upstream, under the name of its default branch', async () => {
  await using world = await openUpstreamWorld()
  world.host.requirePassword('tiphys', TOKEN)
  const repository = await emptyRepository(world, 'shop', 'trunk')
  assert.deepEqual(await begin(world, 'shop'), { code: 'begun', services: [] })
  assert.equal(await repository.show('shipyard.yaml', 'HEAD'), SHIPYARD)
  assert.match(await repository.show('metadata.yaml', 'HEAD'), /isUsingDirectoryStructure: true/)
  assert.deepEqual(await world.configuration.head('p1'), { trunk: await repository.head('trunk') })
})

test('beside a README of the host it begins too, and keeps it', async () => {
  await using world = await openUpstreamWorld()
  const repository = await world.host.createRepository('shop', { 'README.md': '# shop\n' })
  assert.equal((await begin(world, 'shop')).code, 'begun')
  assert.deepEqual(await repository.subjects(), ['first', 'initialized project'])
  assert.equal(await repository.show('README.md'), '# shop\n')
})

test('a write that was answered is upstream, as a commit of Keptn', async () => {
  await using world = await openUpstreamWorld()
  const repository = await begun(world)
  const written = await write(world.configuration, 'a')
  assert.ok(written.code === 'written')
  assert.equal(written.commitId, await repository.head())
  const log = await repository.run([
    'log',
    '-1',
    '--format=%an <%ae>|%cn|%s|%(trailers:key=Tiphys-By)',
    'main',
  ])
  assert.equal(log.trim(), 'keptn <keptn@keptn.sh>|keptn|Updated resource|Tiphys-By: ci')
  assert.equal(await repository.show('.keptn-stages/dev/carts/slo.yaml'), 'a')
  const again = await write(world.configuration, 'a')
  assert.deepEqual(again, written)
})

test('a rival who pushes between our fetch and our push loses nothing, nor do we', async () => {
  await using world = await openUpstreamWorld()
  const repository = await begun(world)
  let pushes = 0
  world.host.beforePush(async () => {
    if (pushes++ < 2) await repository.commit({ [`rival-${pushes}`]: 'x' }, { message: 'rival' })
  })
  assert.equal((await write(world.configuration, 'ours')).code, 'written')
  assert.deepEqual(await repository.subjects(), [
    'initialized project',
    'rival',
    'rival',
    'Updated resource',
  ])
  assert.equal(await read(world.configuration, PROJECT, 'rival-2'), 'x')
})

test('who is always overtaken gives up, and has changed nothing', async () => {
  await using world = await openUpstreamWorld()
  const repository = await begun(world)
  const before = await world.configuration.head('p1')
  let pushes = 0
  world.host.beforePush(async () => {
    await repository.commit({ rival: String(pushes++) }, { message: 'rival' })
  })
  const answer = await write(world.configuration, 'ours')
  assert.equal(
    refusalOf(answer),
    'host/shop: others pushed before each of 6 tries; nothing was changed',
  )
  assert.deepEqual(await world.configuration.head('p1'), before)
  assert.equal((await repository.subjects()).includes('Updated resource'), false)
})

test('what a host refuses is said in its words, and nothing has changed', async () => {
  await using world = await openUpstreamWorld()
  const repository = await begun(world)
  const before = await world.configuration.head('p1')
  await world.host.refusePushes('shop', `main is protected; token ${TOKEN} may not`)
  const answer = await write(world.configuration, 'x')
  assert.equal(
    refusalOf(answer),
    'host/shop refused the push to main: pre-receive hook declined: main is protected; token *** may not',
  )
  assert.deepEqual(await world.configuration.head('p1'), before)
  assert.deepEqual(await repository.subjects(), ['initialized project'])
  await world.host.refusePushes('shop', undefined)
  assert.equal((await write(world.configuration, 'x')).code, 'written')
})

test('an upstream that cannot be used is no upstream, and nothing is left of the try', async () => {
  await using world = await openUpstreamWorld()
  const { host, configuration } = world
  await emptyRepository(world, 'shop')
  await host.createRepository('other', { 'main.go': 'package main\n' })
  const expected: [() => Promise<void> | void, string, string | undefined, string][] = [
    [
      () => host.requirePassword('tiphys', 'another'),
      'shop',
      'authentication-refused',
      'host/shop: it does not accept the credentials, or there are none for it',
    ],
    [
      () => host.requirePassword('tiphys', TOKEN),
      'none',
      'repository-not-found',
      'host/none: there is no such repository, or these credentials do not see it',
    ],
    [
      () => host.answerWith(503),
      'shop',
      'unreachable',
      'host/shop: it answers with an error of its own',
    ],
    [
      async () => {
        host.answerWith(undefined)
        await host.goDown()
      },
      'shop',
      'unreachable',
      'host/shop: it cannot be reached',
    ],
  ]
  for (const [prepare, name, code, message] of expected) {
    await prepare()
    const answer = await begin(world, name)
    assert.ok(answer.code === 'upstream-failed', JSON.stringify(answer))
    assert.equal(answer.failure.code, code)
    assert.equal(refusalOf(answer), message)
  }
  await host.comeBack()
  const other = await begin(world, 'other')
  assert.ok(other.code === 'upstream-taken')
  assert.match(
    other.message,
    /holds no project of Keptn: branch main has no shipyard.yaml, but other files \(main.go\)$/,
  )
  assert.deepEqual(await readdir(join(world.folder, 'configuration')), [])
  assert.deepEqual(configuration.upstreams.projectIds(), [])
  assert.deepEqual(await world.documents.list('upstream'), [])
})

test('a host that does not answer is given up', async () => {
  await using world = await openUpstreamWorld({ cloneMs: 300 })
  await emptyRepository(world, 'shop')
  world.host.delay(60_000)
  const answer = await begin(world, 'shop')
  assert.equal(refusalOf(answer), 'host/shop did not answer within 0.3 s')
  assert.deepEqual(await readdir(join(world.folder, 'configuration')), [])
})

test('a token that may read only is found out before anything is made', async () => {
  await using world = await openUpstreamWorld()
  const repository = await emptyRepository(world, 'shop')
  await repository.run(['config', 'http.receivepack', 'false'])
  const answer = await begin(world, 'shop')
  assert.equal(refusalOf(answer), 'host/shop: the credentials may not do this (403)')
  assert.deepEqual(await readdir(join(world.folder, 'configuration')), [])
})

test('while the upstream is down reads and triggers go on, writes are refused', async () => {
  await using world = await openUpstreamWorld()
  await begun(world)
  await write(world.configuration, 'a')
  const { upstreams } = world.configuration
  const head = await world.configuration.head('p1')
  await world.host.goDown()
  assert.equal((await upstreams.look('p1')).code, 'failed')
  assert.equal(upstreams.stateOf('p1')?.failure?.code, 'unreachable')
  assert.equal(await read(world.configuration, CARTS, 'slo.yaml'), 'a')
  assert.equal(refusalOf(await write(world.configuration, 'b')), 'host/shop: it cannot be reached')
  assert.deepEqual(await world.configuration.head('p1'), head)
  await world.host.comeBack()
  assert.deepEqual(await upstreams.look('p1'), { code: 'looked', changed: false, services: [] })
  assert.equal(upstreams.stateOf('p1')?.failure, undefined)
})

test('credentials are nowhere in the clear', async () => {
  await using world = await openUpstreamWorld()
  await begun(world)
  await write(world.configuration, 'a')
  const stored = JSON.stringify(await world.documents.list('upstream'))
  assert.equal(stored.includes(TOKEN), false)
  assert.equal(JSON.stringify(world.configuration.upstreams.stateOf('p1')).includes(TOKEN), false)
  const files = await readdir(world.folder, { recursive: true, withFileTypes: true })
  for (const file of files.filter((one) => one.isFile())) {
    const content = await readFile(join(file.parentPath, file.name), 'latin1')
    assert.equal(content.includes(TOKEN), false, file.name)
  }
  assert.equal(
    world.host.requests.some((request) => request.includes(TOKEN)),
    false,
  )
})

test('an upstream belongs to one project', async () => {
  await using world = await openUpstreamWorld()
  await begun(world)
  const answer = await world.configuration.upstreams.create({
    projectId: 'p2',
    name: 'other',
    createdMs: NOW_MS,
    connection: { remoteUrl: `${world.host.url}/SHOP` },
  })
  assert.ok(answer.code === 'upstream-taken')
  assert.match(answer.message, /is the upstream of another project/)
})

test('a deleted project leaves its upstream alone', async () => {
  await using world = await openUpstreamWorld()
  const repository = await begun(world)
  await world.configuration.deleteProject('p1')
  assert.deepEqual(await repository.subjects(), ['initialized project'])
  assert.deepEqual(await world.documents.list('upstream'), [])
  assert.equal((await begin(world, 'shop')).code, 'adopted')
})

test('a broken shipyard that somebody pushed does not count, and can be mended from here', async () => {
  await using world = await openUpstreamWorld()
  const repository = await begun(world)
  const before = await world.configuration.head('p1')
  await repository.commit({ 'shipyard.yaml': 'spec: [' })
  const { upstreams } = world.configuration
  const look = await upstreams.look('p1')
  assert.ok(look.code === 'failed')
  assert.match(
    look.failure.message,
    /has no readable shipyard, so the one before it counts: shipyard.yaml:1:/,
  )
  assert.deepEqual(await world.configuration.head('p1'), before)
  assert.equal((await write(world.configuration, 'x')).code, 'upstream-failed')
  assert.equal(
    (await write(world.configuration, SHIPYARD, 'shipyard.yaml', PROJECT)).code,
    'written',
  )
  assert.equal((await upstreams.look('p1')).code, 'looked')
})
