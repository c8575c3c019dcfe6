import { strict as assert } from 'node:assert'
import { rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../end-to-end/until.ts'
import { begin, begun, CARTS, PROJECT, read, refusalOf, write } from './upstream-project.ts'
import { emptyRepository, openUpstreamWorld } from './upstream-world.ts'

test('an answer that is lost after the push was taken is asked for', async () => {
  await using world = await openUpstreamWorld()
  const repository = await begun(world)
  world.host.afterPush(() => 'drop')
  const written = await write(world.configuration, 'a')
  assert.ok(written.code === 'written')
  assert.equal(written.commitId, await repository.head())
})

test('where the outcome cannot be learned the sentence says so, and sending again is safe', async () => {
  await using world = await openUpstreamWorld()
  const repository = await begun(world)
  const { promise: isDown, resolve } = Promise.withResolvers<void>()
  world.host.afterPush(() => {
    void world.host.goDown().then(resolve)
    return 'drop'
  })
  const answer = await write(world.configuration, 'a')
  assert.match(refusalOf(answer) ?? '', /whether it has taken the change cannot be learned now/)
  await isDown
  world.host.afterPush(undefined)
  await world.host.comeBack()
  const again = await write(world.configuration, 'a')
  assert.ok(again.code === 'written')
  assert.deepEqual(await repository.subjects(), ['initialized project', 'Updated resource'])
})

test('a process that died after its push finds the commit again', async () => {
  await using world = await openUpstreamWorld()
  const repository = await begun(world)
  const before = await world.configuration.head('p1')
  await write(world.configuration, 'a')
  // What is on disk when a process dies between the push and the move of its branch.
  const directory = join(world.folder, 'configuration', 'p1.git')
  await repository.run([
    `--git-dir=${directory}`,
    'update-ref',
    'refs/heads/main',
    before['main'] ?? '',
  ])
  const next = await world.reopen()
  assert.equal(await read(next, CARTS, 'slo.yaml'), undefined)
  assert.deepEqual(await next.upstreams.look('p1'), {
    code: 'looked',
    changed: true,
    services: ['carts'],
  })
  assert.equal(await read(next, CARTS, 'slo.yaml'), 'a')
})

test('locks that a killed process left behind hold up neither a write nor a fetch', async () => {
  await using world = await openUpstreamWorld()
  const repository = await begun(world)
  const directory = join(world.folder, 'configuration', 'p1.git')
  const lock = async () => {
    for (const name of ['refs/tiphys/upstream/main.lock', 'refs/heads/main.lock']) {
      await writeFile(join(directory, name), '')
      await utimes(join(directory, name), 0, 0)
    }
  }
  await repository.commit({ 'by-hand': 'old' })
  await lock()
  const writer = await world.reopen()
  const written = await write(writer, 'a')
  assert.equal(written.code, 'written', JSON.stringify(written))
  await repository.commit({ 'by-hand': 'x' })
  await lock()
  const follower = await world.reopen()
  const look = await follower.upstreams.look('p1')
  assert.equal(look.code, 'looked', JSON.stringify(look))
  assert.equal(await read(follower, PROJECT, 'by-hand'), 'x')
})

test('a slow upstream is followed in the background, and a write does not wait for that', async () => {
  await using world = await openUpstreamWorld({ fetchMs: 300 })
  const repository = await emptyRepository(world, 'shop')
  assert.equal((await begin(world, 'shop')).code, 'begun')
  await repository.commit({ 'by-hand': 'x' })
  world.host.delay(400)
  const { upstreams } = world.configuration
  assert.equal((await upstreams.look('p1')).code, 'looked')
  assert.equal(await read(world.configuration, PROJECT, 'by-hand'), 'x')
  world.host.delay(60_000)
  const asked = world.host.requests.length
  const hanging = upstreams.look('p1')
  await until('the host to be asked', () => world.host.requests.length > asked || undefined)
  const [answer] = await Promise.all([
    write(world.configuration, 'a'),
    assert.rejects(hanging, { name: 'AbortError' }),
  ])
  assert.equal(refusalOf(answer), 'host/shop did not answer within 0.3 s')
})

test('a lost local copy is fetched again, also while the server runs', async () => {
  await using world = await openUpstreamWorld()
  await begun(world)
  const written = await write(world.configuration, 'a')
  await world.configuration.close()
  await rm(join(world.folder, 'configuration'), { recursive: true })
  const next = await world.reopen()
  assert.ok(written.code === 'written')
  assert.deepEqual(await next.head('p1'), written.pin)
  assert.equal((await write(next, 'b')).code, 'written')
  assert.equal(await read(next, CARTS, 'slo.yaml'), 'b')
})

test('a lost copy of an upstream that is down is said, and had again afterwards', async () => {
  await using world = await openUpstreamWorld()
  await begun(world)
  await world.configuration.close()
  await rm(join(world.folder, 'configuration'), { recursive: true })
  const next = await world.reopen()
  await world.host.goDown()
  await assert.rejects(
    next.head('p1'),
    /the local copy of the configuration is lost, and .* it cannot be reached/,
  )
  const answer = await write(next, 'b')
  assert.match(refusalOf(answer) ?? '', /^the local copy of the configuration is lost/)
  assert.equal((await next.upstreams.look('p1')).code, 'failed')
  await world.host.comeBack()
  assert.equal((await write(next, 'b')).code, 'written')
})

test('a look that waits behind a write makes way for the write behind it', async () => {
  await using world = await openUpstreamWorld({ fetchMs: 300 })
  await emptyRepository(world, 'shop')
  assert.equal((await begin(world, 'shop')).code, 'begun')
  world.host.delay(60_000)
  const asked = world.host.requests.length
  const first = write(world.configuration, 'a')
  await until('the host to be asked', () => world.host.requests.length > asked || undefined)
  const look = assert.rejects(world.configuration.upstreams.look('p1'), { name: 'AbortError' })
  const answers = await Promise.all([first, write(world.configuration, 'b')])
  await look
  for (const answer of answers) {
    assert.equal(refusalOf(answer), 'host/shop did not answer within 0.3 s')
  }
  world.host.delay(0)
  assert.equal((await world.configuration.upstreams.look('p1')).code, 'looked')
})

test('a look makes way for other credentials and for a deletion, also while it fetches a lost copy', async () => {
  await using world = await openUpstreamWorld({ fetchMs: 300 })
  await emptyRepository(world, 'shop')
  assert.equal((await begin(world, 'shop')).code, 'begun')
  const { configuration, host } = world
  const { upstreams } = configuration
  host.delay(60_000)
  const hanging = async () => {
    const asked = host.requests.length
    const look = assert.rejects(upstreams.look('p1'), { name: 'AbortError' })
    await until('the host to be asked', () => host.requests.length > asked || undefined)
    return { look }
  }
  const first = await hanging()
  const attached = await upstreams.attach('p1', world.connection('shop', { token: 'new' }))
  await first.look
  assert.ok(attached.code === 'upstream-failed')
  assert.equal(refusalOf(attached), 'host/shop did not answer within 0.3 s')
  await world.loseCopy('p1')
  const second = await hanging()
  await configuration.deleteProject('p1')
  await second.look
  assert.deepEqual(upstreams.projectIds(), [])
})

test('what the host says of its own disk is its failure, and no failure of ours', async () => {
  await using world = await openUpstreamWorld()
  await begun(world)
  const words =
    "fatal: unable to create temporary file: No space left on device; transport 'ssh' not allowed"
  for (const status of [500, 507, 403]) {
    world.host.answerWith(status, words)
    const answer = await write(world.configuration, 'a')
    const sentence =
      status === 403
        ? 'host/shop: the credentials may not do this (403)'
        : 'host/shop: it answers with an error of its own'
    assert.equal(refusalOf(answer), sentence)
    const attached = await world.configuration.upstreams.attach('p1', world.connection('shop'))
    assert.ok(attached.code === 'upstream-failed', JSON.stringify(attached))
    assert.equal(refusalOf(attached), sentence)
    assert.equal((await world.configuration.upstreams.look('p1')).code, 'failed')
  }
  world.host.answerWith(undefined)
  assert.equal((await write(world.configuration, 'a')).code, 'written')
})
