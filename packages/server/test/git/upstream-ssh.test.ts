import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { test } from 'node:test'
import type { UpstreamConnection } from '../../src/ports/upstreams.ts'
import { openBareRepository } from '../peers/bare-repository.ts'
import { findSshd, keygen, type SshServer, startSshServer } from '../peers/ssh-server.ts'
import { NOW_MS, openUpstreamWorld, SHIPYARD, type UpstreamWorld } from './upstream-world.ts'

const skip =
  findSshd() !== undefined || process.env['TIPHYS_TEST_PEERS'] === 'all'
    ? false
    : 'sshd is not installed'
const CARTS = { level: 'service', stage: 'dev', service: 'carts' } as const
const PASSPHRASE = 'a passphrase of words'

async function openRepository(ssh: SshServer) {
  const directory = join(ssh.folder, 'shop.git')
  const repository = await openBareRepository(directory, {})
  await repository.run(['update-ref', '-d', 'refs/heads/main'])
  return repository
}

function begin(world: UpstreamWorld, connection: UpstreamConnection) {
  const request = { projectId: 'p1', name: 'shop', createdMs: NOW_MS, shipyard: SHIPYARD }
  return world.configuration.upstreams.create({ ...request, connection })
}

function write(world: UpstreamWorld, text: string) {
  const files = { 'slo.yaml': new TextEncoder().encode(text) }
  return world.configuration.write('p1', { place: CARTS, files, message: 'Updated resource' })
}

async function refusalOf(
  answer: Promise<{ readonly code: string; readonly failure?: { message: string; code: string } }>,
): Promise<string> {
  const { failure, code } = await answer
  return failure === undefined ? code : `${failure.code}: ${failure.message.replace(/^\S+ /, '')}`
}

test('over a real ssh: pushed with a key, its host pinned and shown', { skip }, async () => {
  await using ssh = await startSshServer()
  await using world = await openUpstreamWorld()
  const repository = await openRepository(ssh)
  const remoteUrl = ssh.urlOf(repository.directory)
  const privateKey = ssh.createKey({ passphrase: PASSPHRASE })
  const connection = { remoteUrl, privateKey, privateKeyPassphrase: PASSPHRASE }
  assert.deepEqual(await begin(world, connection), { code: 'begun', services: [] })
  assert.equal((await write(world, 'a')).code, 'written')
  assert.equal(await repository.show('.keptn-stages/dev/carts/slo.yaml'), 'a')
  const [pinned, ...others] = await world.configuration.upstreams.pinnedHostKeys()
  assert.deepEqual(others, [])
  assert.equal(pinned?.host, `[127.0.0.1]:${ssh.port}`)
  assert.equal(pinned?.type, 'ssh-ed25519')
  assert.equal(pinned?.fingerprint, ssh.hostKeyFingerprint())
  const stored = JSON.stringify(await world.documents.list('upstream'))
  assert.equal(stored.includes('PRIVATE KEY') || stored.includes(PASSPHRASE), false)
})

test('over a real ssh: what is wrong with a key is said, and makes nothing', { skip }, async () => {
  await using ssh = await startSshServer()
  await using world = await openUpstreamWorld()
  const { directory } = await openRepository(ssh)
  const remoteUrl = ssh.urlOf(directory)
  const stranger = ssh.createKey({ isAllowed: false })
  assert.match(
    await refusalOf(begin(world, { remoteUrl, privateKey: stranger })),
    /^authentication-refused: it does not accept the credentials/,
  )
  const locked = ssh.createKey({ passphrase: PASSPHRASE })
  const wrong = { remoteUrl, privateKey: locked, privateKeyPassphrase: 'another' }
  // ssh does not say that a passphrase opened nothing; it goes on without the key.
  assert.match(await refusalOf(begin(world, wrong)), /^authentication-refused: it does not accept/)
  assert.equal(
    await refusalOf(begin(world, { remoteUrl, privateKey: 'no key' })),
    'authentication-refused: the private key cannot be read: it is no key, or the passphrase is not its',
  )
  const open = ssh.createKey()
  assert.match(
    await refusalOf(begin(world, { remoteUrl: ssh.urlOf('/nowhere.git'), privateKey: open })),
    /^repository-not-found: /,
  )
  await ssh.goDown()
  assert.match(
    await refusalOf(begin(world, { remoteUrl, privateKey: open })),
    /^unreachable: it cannot be reached/,
  )
  assert.deepEqual(world.configuration.upstreams.projectIds(), [])
})

test('over a real ssh: a changed host key is refused until it is accepted', { skip }, async () => {
  await using ssh = await startSshServer()
  await using world = await openUpstreamWorld()
  const repository = await openRepository(ssh)
  const privateKey = ssh.createKey()
  const remoteUrl = ssh.urlOf(repository.directory)
  assert.equal((await begin(world, { remoteUrl, privateKey })).code, 'begun')
  const before = await world.configuration.head('p1')
  await ssh.changeHostKey()
  assert.match(
    await refusalOf(write(world, 'a')),
    /^host-not-trusted: its ssh host key is not the one that was pinned on first use; .* ssh-keygen -R <host> -f <data-dir>\/git-home\/known_hosts$/,
  )
  assert.deepEqual(await world.configuration.head('p1'), before)
  assert.equal(world.configuration.upstreams.stateOf('p1')?.failure?.code, 'host-not-trusted')
  const knownHosts = join(world.folder, 'home', 'known_hosts')
  keygen(['-q', '-R', `[127.0.0.1]:${ssh.port}`, '-f', knownHosts])
  assert.equal((await write(world, 'a')).code, 'written')
  const [pinned] = await world.configuration.upstreams.pinnedHostKeys()
  assert.equal(pinned?.fingerprint, ssh.hostKeyFingerprint())
})
