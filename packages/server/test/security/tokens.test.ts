import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import { type Actor, type Scope, TIPHYS } from '../../src/intake/actor.ts'
import type { Documents } from '../../src/ports/documents.ts'
import { FAILURES_AT_ONCE } from '../../src/security/login-throttle.ts'
import { createTokens } from '../../src/security/tokens.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'

const HERE = '192.0.2.1'
const START_MS = 1_700_000_000_000
const SHOP_ADMIN: Actor = { name: 'shop-admin', scopes: ['admin'], projects: ['shop'] }

function house(documents: Documents = createMemoryDocuments()) {
  const clock = virtualClock(START_MS)
  const logged: string[] = []
  const record = (data: object, message: string) =>
    void logged.push(`${message} ${JSON.stringify(data)}`)
  const log = { debug: record, info: record, warn: record, error: record }
  const tokens = createTokens({ documents, clock, log })
  const wish = (name: string, scopes: Scope[] = ['read'], projects = ['*']) => ({
    name,
    scopes,
    projects,
  })
  async function mint(name: string, scopes?: Scope[], projects?: string[]): Promise<string> {
    const answer = await tokens.mint(wish(name, scopes, projects), TIPHYS)
    assert.ok(answer.code === 'minted', JSON.stringify(answer))
    return answer.token
  }
  return { documents, clock, tokens, mint, wish, logged }
}

test('a minted token is who it says, may do what it says, and is told once', async () => {
  const { tokens, mint } = house()
  const token = await mint('ci', ['trigger', 'read', 'trigger'], ['shop', 'other', 'shop'])
  assert.match(token, /^tiphys_[A-Za-z0-9_-]{43}$/)
  const actor = { name: 'ci', scopes: ['trigger', 'read'], projects: ['other', 'shop'] }
  assert.deepEqual(await tokens.authenticate(token, HERE), { code: 'authenticated', actor })
  assert.deepEqual(await tokens.list(), [{ ...actor, createdMs: START_MS }])
  assert.notEqual(await mint('other'), token)
})

test('only the SHA-256 of a token is stored', async () => {
  const { documents, mint, logged } = house()
  const token = await mint('ci')
  const kinds = await Promise.all([documents.list('token'), documents.list('token-hash')])
  const stored = JSON.stringify(kinds)
  assert.ok(!stored.includes(token) && !stored.includes(token.slice('tiphys_'.length)))
  assert.ok(stored.includes(createHash('sha256').update(token).digest('hex')))
  assert.ok(!logged.join('\n').includes(token))
})

test('no token and a wrong one are answered alike and logged apart', async () => {
  const { tokens, mint, logged } = house()
  const token = await mint('ci')
  const wrong = [`${token}x`, token.slice(0, -1), token.toUpperCase(), 'x'.repeat(100_000)]
  for (const text of [undefined, '', ...wrong]) {
    assert.deepEqual(await tokens.authenticate(text, HERE), { code: 'unauthenticated' })
  }
  const refusals = logged.filter((line) => line.startsWith('login refused'))
  assert.equal(refusals.filter((line) => line.includes('no token')).length, 2)
  assert.equal(refusals.filter((line) => line.includes('unknown token')).length, wrong.length)
  assert.ok(!refusals.join('\n').includes(token.slice(0, -1)))
})

test('a revoked token is refused by the next request, and its name is free', async () => {
  const { tokens, mint } = house()
  await tokens.ensureBootstrapToken({})
  const first = await mint('ci')
  assert.deepEqual(await tokens.revoke('ci', TIPHYS), { code: 'revoked' })
  assert.deepEqual(await tokens.authenticate(first, HERE), { code: 'unauthenticated' })
  assert.equal((await tokens.revoke('ci', TIPHYS)).code, 'not-found')
  const second = await mint('ci')
  assert.equal((await tokens.authenticate(first, HERE)).code, 'unauthenticated')
  assert.equal((await tokens.authenticate(second, HERE)).code, 'authenticated')
})

test('a name is given once, also to two who ask at the same moment', async () => {
  const { tokens, mint, wish } = house()
  const first = await mint('ci')
  const refused = await tokens.mint(wish('ci', ['admin']), TIPHYS)
  assert.deepEqual(refused, {
    code: 'exists',
    message: 'there is a token ci already; revoke it first',
  })
  assert.deepEqual(await tokens.authenticate(first, HERE), {
    code: 'authenticated',
    actor: { name: 'ci', scopes: ['read'], projects: ['*'] },
  })
  const both = await Promise.all([
    tokens.mint(wish('twin'), TIPHYS),
    tokens.mint(wish('twin'), TIPHYS),
  ])
  assert.deepEqual(both.map((answer) => answer.code).sort(), ['exists', 'minted'])
  const twin = both.find((answer) => answer.code === 'minted')
  assert.ok(twin?.code === 'minted')
  assert.equal((await tokens.authenticate(twin.token, HERE)).code, 'authenticated')
})

for (const [what, wish, message] of [
  ['an empty name', { name: '' }, /token name "": expected/],
  ['a name with a slash', { name: 'a/b' }, /token name "a\/b": expected/],
  ['a name with a line break', { name: 'a\nb' }, /token name "a\\nb": expected/],
  ['a name of 101 letters', { name: 'a'.repeat(101) }, /expected 1 to 100/],
  ["the engine's name", { name: 'Tiphys' }, /taken by the server/],
  ['the name of the bootstrap token', { name: 'bootstrap' }, /taken by the server/],
  ['no scope', { scopes: [] }, /at least one scope of trigger, answer/],
  ['an unknown scope', { scopes: ['root'] as unknown as Scope[] }, /scope root is not one of/],
  ['no project', { projects: [] }, /at least one project/],
  ['an empty project', { projects: [''] }, /name of a project is empty/],
  [
    'too many projects',
    { projects: Array.from({ length: 1_001 }, String) },
    /at most 1000 projects/,
  ],
] as const) {
  test(`${what} is refused in one sentence`, async () => {
    const { tokens } = house()
    const full = { name: 'ci', scopes: ['read'] as Scope[], projects: ['*'], ...wish }
    const answer = await tokens.mint(full, TIPHYS)
    assert.ok(answer.code === 'invalid')
    assert.match(answer.message, message)
    assert.deepEqual(await tokens.list(), [])
  })
}

test('the admin of a project hands out and takes back only what lies in it', async () => {
  const { tokens, mint, wish } = house()
  for (const projects of [['*'], ['other'], ['shop', 'other']]) {
    const answer = await tokens.mint(wish('mine', ['read'], projects), SHOP_ADMIN)
    assert.equal(answer.code, 'invalid', projects.join())
  }
  assert.equal((await tokens.mint(wish('mine', ['admin'], ['shop']), SHOP_ADMIN)).code, 'minted')
  await mint('all', ['read'], ['*'])
  await mint('both', ['read'], ['other', 'shop'])
  assert.equal((await tokens.revoke('all', SHOP_ADMIN)).code, 'invalid')
  assert.equal((await tokens.revoke('both', SHOP_ADMIN)).code, 'invalid')
  assert.equal((await tokens.revoke('mine', SHOP_ADMIN)).code, 'revoked')
})

test('the last admin of all projects stays', async () => {
  const { tokens, mint } = house()
  await tokens.ensureBootstrapToken({})
  await mint('project-admin', ['admin'], ['shop'])
  const refused = await tokens.revoke('bootstrap', TIPHYS)
  assert.ok(refused.code === 'invalid')
  assert.match(refused.message, /last admin of all projects/)
  await mint('anna', ['admin'])
  assert.equal((await tokens.revoke('bootstrap', TIPHYS)).code, 'revoked')
  assert.equal((await tokens.revoke('anna', TIPHYS)).code, 'invalid')
})

test('failed logins are throttled per address, with the time to wait', async () => {
  const { tokens, mint, clock } = house()
  const token = await mint('ci')
  const known = await mint('known')
  await tokens.authenticate(known, HERE)
  const codes: string[] = []
  for (let count = 0; count <= FAILURES_AT_ONCE; count++) {
    codes.push((await tokens.authenticate(`wrong ${count}`, HERE)).code)
  }
  const expected = Array.from({ length: FAILURES_AT_ONCE }, () => 'unauthenticated')
  assert.deepEqual(codes, [...expected, 'throttled'])

  const throttled = await tokens.authenticate(token, HERE)
  assert.ok(throttled.code === 'throttled')
  assert.equal((await tokens.authenticate(known, HERE)).code, 'authenticated')
  assert.equal((await tokens.authenticate(token, '192.0.2.2')).code, 'authenticated')
  clock.jump(throttled.retryAfterMs)
  assert.equal((await tokens.authenticate(token, HERE)).code, 'authenticated')
})

test('the right token is heard right after the last free mistake', async () => {
  const { tokens, mint } = house()
  const token = await mint('ci')
  for (let count = 1; count < FAILURES_AT_ONCE; count++) {
    await tokens.authenticate(`wrong ${count}`, HERE)
  }
  assert.equal((await tokens.authenticate(token, HERE)).code, 'authenticated')
})

test('asking without a token is no guess and locks nobody out', async () => {
  const { tokens, mint } = house()
  const token = await mint('ci')
  for (let count = 0; count < 10 * FAILURES_AT_ONCE; count++) {
    assert.equal((await tokens.authenticate(undefined, HERE)).code, 'unauthenticated')
  }
  assert.equal((await tokens.authenticate(token, HERE)).code, 'authenticated')
})

test('many requests at once with a token that was never used before are all let in', async () => {
  const { tokens, mint } = house()
  const token = await mint('ci')
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => tokens.authenticate(token, HERE)),
  )
  assert.deepEqual([...new Set(answers.map((answer) => answer.code))], ['authenticated'])
})

test('a pointer that a crash left behind opens nothing', async () => {
  const { documents, tokens, mint } = house()
  const token = await mint('ci')
  const sha256 = createHash('sha256').update(token).digest('hex')
  await documents.delete('token', 'ci')
  assert.equal((await tokens.authenticate(token, HERE)).code, 'unauthenticated')
  await mint('ci')
  assert.deepEqual(await documents.get('token-hash', sha256), { name: 'ci' })
  assert.equal((await tokens.authenticate(token, HERE)).code, 'unauthenticated')
})
