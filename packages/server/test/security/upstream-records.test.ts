import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import type { UpstreamConnection, UpstreamRecord } from '../../src/ports/upstreams.ts'
import type { SecretKey } from '../../src/security/secret-key.ts'
import { forgetSecrets, SecretKeyMismatchError } from '../../src/security/secret-vault.ts'
import { createSecrets } from '../../src/security/secrets.ts'
import { createUpstreamRecords } from '../../src/security/upstream-records.ts'

const KEY: SecretKey = { source: 'file', material: Buffer.alloc(32, 1), file: '/data/secret.key' }
const OTHER: SecretKey = { source: 'file', material: Buffer.alloc(32, 2), file: '/data/secret.key' }
const LAYOUT = { kind: 'directories', mainBranch: 'main' } as const
const HTTPS: UpstreamConnection = {
  remoteUrl: 'https://git.example.com/shop',
  user: 'tiphys',
  token: 'the-token',
  caCertificate: 'PEM',
  insecureSkipTls: true,
  proxy: { scheme: 'http', address: 'proxy:3128', user: 'you', password: 'the-proxy-password' },
}
const SSH: UpstreamConnection = {
  remoteUrl: 'ssh://git@git.example.com/shop',
  privateKey: 'the-private-key',
  privateKeyPassphrase: 'the-passphrase',
}
const OPEN: UpstreamConnection = {
  remoteUrl: 'https://git.example.com/open',
  proxy: { scheme: 'https', address: 'proxy:3128' },
}

async function open(documents = createMemoryDocuments(), key = KEY) {
  const secrets = await createSecrets({ documents, key })
  return { documents, secrets, records: createUpstreamRecords(documents, secrets) }
}

test('an upstream comes back with its secrets, which are stored encrypted and masked in logs', async () => {
  const { documents, records, secrets } = await open()
  const kept: [string, UpstreamRecord][] = [HTTPS, SSH, OPEN].map((connection, index) => [
    `p${index}`,
    { connection, layout: LAYOUT },
  ])
  for (const [projectId, record] of kept) await records.put(projectId, record)
  const stored = JSON.stringify(await documents.list('upstream'))
  for (const secret of ['the-token', 'the-proxy-password', 'the-private-key', 'the-passphrase']) {
    assert.equal(stored.includes(secret), false, secret)
    assert.ok(secrets.knownValues().includes(secret), secret)
  }
  const again = await open(documents)
  assert.deepEqual(await again.records.all(), new Map(kept))
  assert.ok(again.secrets.knownValues().includes('the-token'))
  await again.records.delete('p0')
  assert.deepEqual([...(await again.records.all()).keys()], ['p1', 'p2'])
})

test('sealed credentials open for their own project only', async () => {
  const { documents, records } = await open()
  await records.put('p1', { connection: SSH, layout: LAYOUT })
  const body = await documents.get('upstream', 'p1')
  await documents.put('upstream', 'p2', body ?? {})
  const { privateKey, privateKeyPassphrase, ...shown } = SSH
  assert.deepEqual((await records.all()).get('p2')?.connection, shown)
  assert.deepEqual((await records.all()).get('p1')?.connection, SSH)
})

test('another key is refused while an upstream has secrets; forgetting them keeps the upstream', async () => {
  const { documents, records } = await open()
  await records.put('p1', { connection: SSH, layout: LAYOUT })
  await records.put('p2', { connection: OPEN, layout: LAYOUT })
  await assert.rejects(open(documents, OTHER), SecretKeyMismatchError)
  assert.equal(await forgetSecrets(documents), 1)
  const next = await open(documents, OTHER)
  const { privateKey, privateKeyPassphrase, ...shown } = SSH
  assert.deepEqual((await next.records.all()).get('p1')?.connection, shown)
  assert.deepEqual((await next.records.all()).get('p2')?.connection, OPEN)
})
