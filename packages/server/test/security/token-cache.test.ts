import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import type { Documents } from '../../src/ports/documents.ts'
import { createTokenStore, type StoredToken } from '../../src/security/token-store.ts'

const TOKEN: StoredToken = {
  name: 'ci',
  sha256: 'a'.repeat(64),
  scopes: ['read'],
  projects: ['*'],
  createdMs: 1,
  origin: 'minted',
}

/** Documents that count what is read, and hold readers back when a test wants it. */
function counted() {
  const documents = createMemoryDocuments()
  const seen = { reads: 0, hold: undefined as Promise<void> | undefined }
  const watched: Documents = {
    ...documents,
    async get(kind, key) {
      seen.reads += 1
      const found = await documents.get(kind, key)
      await seen.hold
      return found
    },
  }
  return { seen, store: createTokenStore(watched) }
}

test('a token that was looked up costs no reading until any token changes', async () => {
  const { seen, store } = counted()
  await store.add(TOKEN)
  assert.deepEqual(await store.find(TOKEN.sha256), TOKEN)
  seen.reads = 0
  for (let count = 0; count < 3; count++) {
    assert.deepEqual(await store.find(TOKEN.sha256), TOKEN)
  }
  assert.equal(seen.reads, 0)
  const changed = { ...TOKEN, scopes: ['trigger' as const] }
  await store.replace(changed)
  assert.deepEqual(await store.find(TOKEN.sha256), changed)
  await store.remove(changed)
  assert.equal(await store.find(TOKEN.sha256), undefined)
})

test('a token that is removed while it is looked up is not kept', async () => {
  const { seen, store } = counted()
  await store.add(TOKEN)
  const held = Promise.withResolvers<void>()
  seen.hold = held.promise
  const looked = store.find(TOKEN.sha256)
  const removed = store.remove(TOKEN)
  held.resolve()
  await Promise.all([looked, removed])
  seen.hold = undefined
  assert.equal(await store.find(TOKEN.sha256), undefined)
})

test('guesses are not kept: a token that is added later is found', async () => {
  const { store } = counted()
  assert.equal(await store.find(TOKEN.sha256), undefined)
  await store.add(TOKEN)
  assert.deepEqual(await store.find(TOKEN.sha256), TOKEN)
})
