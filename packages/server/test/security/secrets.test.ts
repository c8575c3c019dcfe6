import { strict as assert } from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts'
import { TIPHYS } from '../../src/intake/actor.ts'
import type { Documents } from '../../src/ports/documents.ts'
import { createSecretCipher } from '../../src/security/secret-cipher.ts'
import type { SecretKey } from '../../src/security/secret-key.ts'
import { forgetSecrets, SecretKeyMismatchError } from '../../src/security/secret-vault.ts'
import { createSecrets, SecretDamagedError } from '../../src/security/secrets.ts'
import { temporaryFolder } from '../store-folder.ts'

const SCOPE = 'keptn-default'
const KEY: SecretKey = { source: 'file', material: Buffer.alloc(32, 1), file: '/data/secret.key' }
const OTHER: SecretKey = { source: 'file', material: Buffer.alloc(32, 2), file: '/data/secret.key' }
const GIVEN: SecretKey = { source: 'settings', material: Buffer.from('correct horse battery') }
const DATA = { user: 'anna', password: 'pä$$ "word"\n' }

async function house(key = KEY) {
  const documents = createMemoryDocuments()
  const secrets = await createSecrets({ documents, key })
  return { documents, secrets }
}

async function stored(documents: Documents, id: string): Promise<JsonObject> {
  const body = await documents.get('secret', id)
  assert.ok(isJsonObject(body))
  return body
}

for (const key of [KEY, GIVEN]) {
  test(`what was written is revealed after a restart with the same key (${key.source})`, async () => {
    const { documents, secrets } = await house(key)
    const secret = { name: 'db', scope: SCOPE, data: DATA }
    assert.deepEqual(await secrets.put(secret, 'create', TIPHYS), { code: 'written' })
    assert.deepEqual(await secrets.reveal('db', SCOPE), DATA)
    const restarted = await createSecrets({ documents, key })
    assert.deepEqual(await restarted.reveal('db', SCOPE), DATA)
    assert.equal(await restarted.reveal('db', 'other'), undefined)
    assert.equal(await restarted.reveal('cache', SCOPE), undefined)
  })
}

test('a list has names, scopes and keys, and no values', async () => {
  const { secrets } = await house()
  await secrets.put({ name: 'b', scope: SCOPE, data: DATA }, 'create', TIPHYS)
  await secrets.put({ name: 'a', scope: SCOPE, data: {} }, 'create', TIPHYS)
  await secrets.put({ name: 'a', scope: 'another', data: { k: 'v' } }, 'create', TIPHYS)
  assert.deepEqual(await secrets.list(), [
    { name: 'a', scope: 'another', keys: ['k'] },
    { name: 'a', scope: SCOPE, keys: [] },
    { name: 'b', scope: SCOPE, keys: ['password', 'user'] },
  ])
})

test('create, replace and delete say when they cannot', async () => {
  const { secrets } = await house()
  const secret = { name: 'db', scope: SCOPE, data: DATA }
  assert.equal((await secrets.put(secret, 'replace', TIPHYS)).code, 'not-found')
  assert.equal((await secrets.put(secret, 'create', TIPHYS)).code, 'written')
  const again = await secrets.put({ ...secret, data: { x: 'y' } }, 'create', TIPHYS)
  assert.equal(again.code, 'exists')
  assert.deepEqual(await secrets.reveal('db', SCOPE), DATA)
  assert.equal(
    (await secrets.put({ ...secret, data: { x: 'y' } }, 'replace', TIPHYS)).code,
    'written',
  )
  assert.deepEqual(await secrets.reveal('db', SCOPE), { x: 'y' })
  assert.equal(await secrets.delete('db', SCOPE, TIPHYS), true)
  assert.equal(await secrets.delete('db', SCOPE, TIPHYS), false)
  assert.equal(await secrets.reveal('db', SCOPE), undefined)
})

for (const [what, part, message] of [
  ['a name with a slash', { name: 'a/b' }, /secret name "a\/b"/],
  ['no name', { name: '' }, /secret name ""/],
  ['a scope with a slash', { scope: 'a/b' }, /secret scope "a\/b"/],
  ['a key with a space', { data: { 'a b': 'hidden-value' } }, /key "a b" of secret db/],
  ['more than Kubernetes holds', { data: { a: 'x'.repeat(2 ** 20) } }, /at most 1048576/],
] as const) {
  test(`${what} is refused without telling a value`, async () => {
    const { documents, secrets } = await house()
    const answer = await secrets.put(
      { name: 'db', scope: SCOPE, data: DATA, ...part },
      'create',
      TIPHYS,
    )
    assert.ok(answer.code === 'invalid')
    assert.match(answer.message, message)
    assert.ok(answer.message.length < 300 && !answer.message.includes('hidden-value'))
    assert.deepEqual(await documents.list('secret'), [])
  })
}

test('another key is one clear error at the start, and changes nothing', async () => {
  const { documents, secrets } = await house(KEY)
  await secrets.put({ name: 'db', scope: SCOPE, data: DATA }, 'create', TIPHYS)
  for (const [key, message] of [
    [
      OTHER,
      /^1 stored secret is encrypted with another key than the one in \/data\/secret\.key: restore the file secret\.key/,
    ],
    [GIVEN, /another key than the one in TIPHYS_SECRET_KEY: .* leave TIPHYS_SECRET_KEY unset/],
  ] as const) {
    await assert.rejects(createSecrets({ documents, key }), (thrown) => {
      assert.ok(thrown instanceof SecretKeyMismatchError)
      assert.match(thrown.message, message)
      return true
    })
  }
  const restarted = await createSecrets({ documents, key: KEY })
  assert.deepEqual(await restarted.reveal('db', SCOPE), DATA)

  const given = await house(GIVEN)
  await given.secrets.put({ name: 'a', scope: SCOPE, data: DATA }, 'create', TIPHYS)
  await given.secrets.put({ name: 'b', scope: SCOPE, data: DATA }, 'create', TIPHYS)
  await assert.rejects(
    createSecrets({ documents: given.documents, key: KEY }),
    /2 stored secrets are .* start with the TIPHYS_SECRET_KEY that was set/,
  )
})

test('without secrets the key may change; an operator who lost it can forget them', async () => {
  const { documents, secrets } = await house(KEY)
  await secrets.put({ name: 'db', scope: SCOPE, data: DATA }, 'create', TIPHYS)
  await secrets.delete('db', SCOPE, TIPHYS)
  const second = await createSecrets({ documents, key: OTHER })
  await second.put({ name: 'db', scope: SCOPE, data: DATA }, 'create', TIPHYS)
  await assert.rejects(createSecrets({ documents, key: KEY }), SecretKeyMismatchError)
  assert.equal(await forgetSecrets(documents), 1)
  const third = await createSecrets({ documents, key: KEY })
  assert.deepEqual(await third.list(), [])
})

test('a row that was copied to another name or scope does not open there', async () => {
  const { documents, secrets } = await house()
  await secrets.put({ name: 'weak', scope: SCOPE, data: { token: 'harmless' } }, 'create', TIPHYS)
  await secrets.put({ name: 'strong', scope: SCOPE, data: { token: 'powerful' } }, 'create', TIPHYS)
  const strong = await stored(documents, `${SCOPE}/strong`)
  await documents.put('secret', `${SCOPE}/weak`, strong)
  await documents.put('secret', `other/strong`, { ...strong, scope: 'other' })
  await assert.rejects(secrets.reveal('weak', SCOPE), SecretDamagedError)
  await assert.rejects(secrets.reveal('strong', 'other'), SecretDamagedError)
  assert.deepEqual(await secrets.reveal('strong', SCOPE), { token: 'powerful' })
})

test('a damaged secret is told at the start and can be written again', async () => {
  const { documents, secrets } = await house()
  await secrets.put({ name: 'db', scope: SCOPE, data: DATA }, 'create', TIPHYS)
  const body = await stored(documents, `${SCOPE}/db`)
  await documents.put('secret', `${SCOPE}/db`, { ...body, keys: ['other'] })
  const errors: string[] = []
  const quiet = () => undefined
  const log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (data: object, message: string) =>
      void errors.push(`${message} ${JSON.stringify(data)}`),
  }
  const restarted = await createSecrets({ documents, key: KEY, log })
  assert.deepEqual(errors, [`a stored secret is damaged {"name":"db","scope":"${SCOPE}"}`])
  await assert.rejects(restarted.reveal('db', SCOPE), /changed or damaged .* write it again/)
  assert.equal((await restarted.list()).length, 1)
  await restarted.put({ name: 'db', scope: SCOPE, data: DATA }, 'replace', TIPHYS)
  assert.deepEqual(await restarted.reveal('db', SCOPE), DATA)
})

test('every value since the start is known for masking, the key too, also after a delete', async () => {
  const { documents, secrets } = await house(GIVEN)
  const before = secrets.knownValues()
  assert.deepEqual(before, ['correct horse battery'])
  await secrets.put({ name: 'db', scope: SCOPE, data: { ...DATA, empty: '' } }, 'create', TIPHYS)
  await secrets.put({ name: 'db', scope: SCOPE, data: { user: 'bert' } }, 'replace', TIPHYS)
  const all = ['correct horse battery', DATA.user, DATA.password, 'bert']
  assert.deepEqual(secrets.knownValues(), all)
  assert.equal(secrets.knownValues(), secrets.knownValues())
  const restarted = await createSecrets({ documents, key: GIVEN })
  assert.deepEqual(restarted.knownValues(), ['correct horse battery', 'bert'])
})

test('no value is in the files of the store', async (t) => {
  const folder = temporaryFolder(t)
  const { documents, close } = openSqlite({ file: join(folder, 'tiphys.db') })
  const secrets = await createSecrets({ documents, key: GIVEN })
  const value = 'find-me-if-you-can'
  await secrets.put({ name: 'db', scope: SCOPE, data: { value } }, 'create', TIPHYS)
  const bytesNow = () =>
    Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))
  const open = bytesNow()
  await close()
  for (const bytes of [open, bytesNow()]) {
    assert.ok(bytes.includes('sealed'), 'the row is in the files')
    assert.ok(!bytes.includes(value))
    assert.ok(!bytes.includes(Buffer.from(value).toString('base64url').slice(0, -2)))
    assert.ok(!bytes.includes(Buffer.from(GIVEN.material)))
  }
})

const ANY_TEXT = fc.string({ unit: 'binary' })
const CIPHER = createSecretCipher(KEY, Buffer.alloc(16))

test('property: what is sealed opens with the same context and key, and with no other', () => {
  const other = createSecretCipher(OTHER, Buffer.alloc(16))
  const otherSalt = createSecretCipher(KEY, Buffer.alloc(16, 1))
  fc.assert(
    fc.property(ANY_TEXT, ANY_TEXT, ANY_TEXT, (text, context, wrong) => {
      const sealed = CIPHER.seal(text, context)
      assert.equal(CIPHER.open(sealed, context), text.toWellFormed())
      if (Buffer.from(wrong).compare(Buffer.from(context)) !== 0) {
        assert.equal(CIPHER.open(sealed, wrong), undefined)
      }
      assert.equal(other.open(sealed, context), undefined)
      assert.equal(otherSalt.open(sealed, context), undefined)
      assert.notEqual(CIPHER.seal(text, context), sealed)
    }),
  )
  assert.notEqual(other.keyId, CIPHER.keyId)
  assert.notEqual(otherSalt.keyId, CIPHER.keyId)
})

test('property: every change of a sealed text is noticed', () => {
  const change = fc.record({ at: fc.nat(), bit: fc.nat({ max: 7 }) })
  fc.assert(
    fc.property(ANY_TEXT, change, (text, { at, bit }) => {
      const bytes = Buffer.from(CIPHER.seal(text, 'context'), 'base64url')
      const index = at % bytes.length
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
      assert.equal(CIPHER.open(bytes.toString('base64url'), 'context'), undefined)
    }),
  )
  fc.assert(
    fc.property(ANY_TEXT, fc.nat(), (text, at) => {
      const sealed = CIPHER.seal(text, 'context')
      assert.equal(CIPHER.open(sealed.slice(0, at % sealed.length), 'context'), undefined)
      assert.equal(CIPHER.open(`${sealed}A`, 'context'), undefined)
    }),
  )
  fc.assert(fc.property(ANY_TEXT, (text) => CIPHER.open(text, 'context') === undefined))
})

test('property: any secret comes back as it went in, and nothing of it is stored readable', async () => {
  const { documents, secrets } = await house()
  const data = fc.dictionary(fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/), fc.string())
  await fc.assert(
    fc.asyncProperty(data, async (values) => {
      await secrets.delete('any', SCOPE, TIPHYS)
      const answer = await secrets.put(
        { name: 'any', scope: SCOPE, data: values },
        'create',
        TIPHYS,
      )
      assert.equal(answer.code, 'written')
      const revealed = await secrets.reveal('any', SCOPE)
      assert.deepEqual(Object.entries(revealed ?? {}), Object.entries(values))
      assert.deepEqual(Object.keys(await stored(documents, `${SCOPE}/any`)).sort(), [
        'keyId',
        'keys',
        'name',
        'scope',
        'sealed',
      ])
    }),
  )
})
