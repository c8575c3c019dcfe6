import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMask, SHORTEST_MASKED } from '../../src/security/mask.ts'

test('a longer secret that contains a shorter one is masked whole', () => {
  const mask = createMask(() => ['word', 'password', 'word'])
  assert.equal(mask('my password, your word'), 'my ***, your ***')
})

test('very short values are not masked: the text would become unreadable', () => {
  const mask = createMask(() => ['', 'a', 'on', '443', 'four'])
  assert.equal(mask('a door on port 443, on floor four'), 'a door on port 443, on floor ***')
})

test('the lines of a key are masked one by one', () => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----\n'
  const mask = createMask(() => [key])
  assert.equal(mask(`read ${key}`), 'read ***')
  assert.equal(mask('line MIIEvQIBADANBgkq is wrong'), 'line *** is wrong')
})

test('base64 is masked with and without padding', () => {
  const mask = createMask(() => ['user:pw'])
  assert.equal(mask('Basic dXNlcjpwdw=='), 'Basic ***==')
  assert.equal(mask('Basic dXNlcjpwdw'), 'Basic ***')
})

test('URLs without a password stay as they are', () => {
  const mask = createMask(() => [])
  for (const text of [
    'https://example.com:8443/a@b',
    'ssh://git@example.com/repo',
    'at 12:30 mail anna@example.com',
    'http://example.com/?time=12:30@noon',
  ]) {
    assert.equal(mask(text), text)
  }
  assert.equal(mask('postgres://u:p@db/x'), 'postgres://u:***@db/x')
})

test('a long hostile text takes no long time', () => {
  const mask = createMask(() => ['secret'])
  const startMs = performance.now()
  for (const part of ['a.', 'a:', 'x://', 'x://y:', 'tiphys_', 'tiphys_A'])
    mask(part.repeat(50_000))
  assert.ok(performance.now() - startMs < 5_000)
})

test('property: no secret of at least four characters is left, however often it stands there', () => {
  const secret = fc.string({ unit: 'binary', minLength: SHORTEST_MASKED }).filter((text) => {
    return !'***'.includes(text) && !text.includes('*')
  })
  fc.assert(
    fc.property(fc.array(secret), fc.string(), (secrets, text) => {
      const mask = createMask(() => secrets)
      const masked = mask([text, ...secrets, ...secrets].join('|'))
      for (const one of secrets) assert.ok(!masked.includes(one) || one.includes('|'))
    }),
  )
})
