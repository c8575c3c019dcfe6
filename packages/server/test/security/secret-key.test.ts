import { strict as assert } from 'node:assert'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSecretKey, SecretKeyFileError } from '../../src/security/secret-key.ts'
import { temporaryFolder } from '../store-folder.ts'

const PERMISSIONS = 0o777
const HAS_MODES = process.platform !== 'win32'

test('without a setting a key file is made once, for its owner only', async (t) => {
  const dataDir = join(temporaryFolder(t), 'data')
  const first = await loadSecretKey({ dataDir })
  const file = join(dataDir, 'secret.key')
  assert.equal(first.source, 'file')
  assert.equal(first.file, file)
  assert.equal(first.material.byteLength, 32)
  if (HAS_MODES) {
    assert.equal((await stat(file)).mode & PERMISSIONS, 0o600)
    assert.equal((await stat(dataDir)).mode & PERMISSIONS, 0o700)
  }
  assert.deepEqual(await readdir(dataDir), ['secret.key'])
  assert.deepEqual(await loadSecretKey({ dataDir, given: '' }), first)
  const other = await loadSecretKey({ dataDir: temporaryFolder(t) })
  assert.notDeepEqual(other.material, first.material)
})

test('a draft that a crash left behind is replaced', async (t) => {
  const dataDir = temporaryFolder(t)
  await writeFile(join(dataDir, 'secret.key.new'), 'half')
  await loadSecretKey({ dataDir })
  assert.match(await readFile(join(dataDir, 'secret.key'), 'utf8'), /^[A-Za-z0-9_-]{43}\n$/)
})

for (const mode of [0o644, 0o640, 0o604, 0o660]) {
  const shown = mode.toString(8)
  test(`a key file of mode ${shown} is refused`, { skip: !HAS_MODES }, async (t) => {
    const dataDir = temporaryFolder(t)
    await loadSecretKey({ dataDir })
    await chmod(join(dataDir, 'secret.key'), mode)
    await assert.rejects(loadSecretKey({ dataDir }), (thrown) => {
      assert.ok(thrown instanceof SecretKeyFileError)
      assert.match(thrown.message, new RegExp(`mode ${shown}\\): chmod 600 it`))
      return true
    })
  })
}

test('a key file without a key is refused and not written over', async (t) => {
  for (const content of ['', 'short', 'x'.repeat(44), `${'x'.repeat(42)}!`]) {
    const dataDir = temporaryFolder(t)
    const file = join(dataDir, 'secret.key')
    await writeFile(file, content, { mode: 0o600 })
    await assert.rejects(loadSecretKey({ dataDir }), /holds no key: expected 43 characters/)
    assert.equal(await readFile(file, 'utf8'), content)
  }
})

test('a folder that cannot be written is told with its file', async (t) => {
  const blocked = join(temporaryFolder(t), 'file')
  await writeFile(blocked, '')
  await assert.rejects(loadSecretKey({ dataDir: blocked }), (thrown) => {
    assert.ok(thrown instanceof SecretKeyFileError)
    assert.match(thrown.message, /secret\.key cannot be (read|written)/)
    assert.ok(thrown.cause instanceof Error)
    return true
  })
})

test('the key of the settings is any text; no file is made; a short one has a warning', async (t) => {
  const dataDir = temporaryFolder(t)
  const key = await loadSecretKey({ dataDir, given: 'ein Schlüssel, lang genug' })
  assert.equal(key.source, 'settings')
  assert.equal(Buffer.from(key.material).toString(), 'ein Schlüssel, lang genug')
  assert.equal(key.warning, undefined)
  const short = await loadSecretKey({ dataDir, given: 'x' })
  assert.match(short.warning ?? '', /TIPHYS_SECRET_KEY has 1 characters and can be guessed/)
  assert.deepEqual(await readdir(dataDir), [])
})
