import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import { TIPHYS } from '../../src/intake/actor.ts'
import { BootstrapTokenError } from '../../src/security/bootstrap-token.ts'
import { createTokens } from '../../src/security/tokens.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'

const HERE = '192.0.2.1'
const GIVEN = 'a-token-from-the-settings'
const BOOTSTRAP = { name: 'bootstrap', scopes: ['admin'], projects: ['*'] }

/** Each call is a start of a server on the same data. */
function restarts() {
  const documents = createMemoryDocuments()
  const clock = virtualClock(1_700_000_000_000)
  return async (given?: string) => {
    const tokens = createTokens({ documents, clock })
    const bootstrapped = await tokens.ensureBootstrapToken({ given })
    const whoIs = async (text: string | undefined) => {
      const answer = await tokens.authenticate(text, HERE)
      return answer.code === 'authenticated' ? answer.actor : answer.code
    }
    return { tokens, documents, whoIs, ...bootstrapped }
  }
}

test('the first start makes a token, the next ones keep it and cannot tell it', async () => {
  const start = restarts()
  const first = await start()
  assert.match(first.generated ?? '', /^tiphys_[A-Za-z0-9_-]{43}$/)
  assert.deepEqual(await first.whoIs(first.generated), BOOTSTRAP)
  const second = await start()
  assert.equal(second.generated, undefined)
  assert.deepEqual(await second.whoIs(first.generated), BOOTSTRAP)
  const stored = JSON.stringify(await second.documents.list('token'))
  assert.ok(!stored.includes(String(first.generated)))
})

test('the token in the settings is the bootstrap token, stored hashed', async () => {
  const start = restarts()
  const server = await start(`  ${GIVEN}\n`)
  assert.equal(server.generated, undefined)
  assert.equal(server.warning, undefined)
  assert.deepEqual(await server.whoIs(GIVEN), BOOTSTRAP)
  const stored = JSON.stringify(await server.documents.list('token'))
  assert.ok(!stored.includes(GIVEN))
  assert.equal((await (await start(GIVEN)).tokens.list()).length, 1)
})

test('a changed setting replaces the old token, a generated one too', async () => {
  const start = restarts()
  const { generated } = await start()
  const second = await start(GIVEN)
  assert.equal(await second.whoIs(generated), 'unauthenticated')
  const third = await start(`${GIVEN}-changed`)
  assert.equal(await third.whoIs(GIVEN), 'unauthenticated')
  assert.deepEqual(await third.whoIs(`${GIVEN}-changed`), BOOTSTRAP)
})

test('a token that the settings no longer name goes; a new one is made unless there is an admin', async () => {
  const start = restarts()
  await start(GIVEN)
  const second = await start()
  assert.equal(await second.whoIs(GIVEN), 'unauthenticated')
  assert.deepEqual(await second.whoIs(second.generated), BOOTSTRAP)

  const third = await start(GIVEN)
  await third.tokens.mint({ name: 'anna', scopes: ['admin'], projects: ['*'] }, TIPHYS)
  const fourth = await start('')
  assert.equal(fourth.generated, undefined)
  assert.deepEqual(
    (await fourth.tokens.list()).map((token) => token.name),
    ['anna'],
  )
})

test('the token of the settings cannot be revoked by request', async () => {
  const server = await restarts()(GIVEN)
  await server.tokens.mint({ name: 'anna', scopes: ['admin'], projects: ['*'] }, TIPHYS)
  const answer = await server.tokens.revoke('bootstrap', TIPHYS)
  assert.ok(answer.code === 'invalid')
  assert.match(answer.message, /comes from the settings/)
  assert.deepEqual(await server.whoIs(GIVEN), BOOTSTRAP)
})

test('a minted token may become the one in the settings, and be revoked under its own name', async () => {
  const start = restarts()
  const first = await start()
  const answer = await first.tokens.mint({ name: 'ci', scopes: ['read'], projects: ['*'] }, TIPHYS)
  assert.ok(answer.code === 'minted')
  const second = await start(answer.token)
  assert.deepEqual(await second.whoIs(answer.token), BOOTSTRAP)
  assert.equal((await second.tokens.revoke('ci', TIPHYS)).code, 'revoked')
  assert.deepEqual(await second.whoIs(answer.token), BOOTSTRAP)
})

test('a short token is taken with a warning, one that no header can carry is not', async () => {
  const { warning } = await restarts()('secret')
  assert.match(warning ?? '', /6 characters and can be guessed/)
  for (const given of ['two words', 'größer', 'a\u0000b', 'x'.repeat(5_000)]) {
    await assert.rejects(restarts()(given), (thrown) => {
      assert.ok(thrown instanceof BootstrapTokenError)
      assert.ok(!thrown.message.includes(given))
      return true
    })
  }
})
