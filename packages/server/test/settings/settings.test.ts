import { strict as assert } from 'node:assert'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadSettings, type SettingsSources } from '../../src/settings/load-settings.ts'

function withFile(text: string, more: Partial<SettingsSources> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-settings-'))
  const file = join(folder, 'tiphys.yaml')
  try {
    writeFileSync(file, text)
    const result = loadSettings({ flags: {}, environment: {}, file, ...more })
    if (result.code === 'loaded') return result
    return {
      ...result,
      problems: result.problems.map((problem) => problem.replace(file, 'tiphys.yaml')),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('flags are stronger than the environment, the environment is stronger than the file', () => {
  const more = { flags: { port: '1' }, environment: { TIPHYS_PORT: '2', TIPHYS_DATA_DIR: '/env' } }
  const result = withFile('port: 3\ndataDir: /file\nhost: 127.0.0.9\n', more)
  assert.ok(result.code === 'loaded')
  const { port, dataDir, host } = result.settings
  assert.deepEqual([port, dataDir, host], [1, '/env', '127.0.0.9'])
})

test('without anything there are defaults that listen on loopback only', () => {
  const result = withFile('')
  assert.ok(result.code === 'loaded')
  const { port, host, gitProtocols, basePath } = result.settings
  assert.deepEqual([port, host, gitProtocols, basePath], [8080, '127.0.0.1', ['https', 'ssh'], ''])
})

const REFUSED: readonly [string, Partial<SettingsSources>, RegExp][] = [
  ['prot: 1\n', {}, /^tiphys\.yaml:1:1: unknown key prot; did you mean port\?$/],
  ['host: 0.0.0.0\n', {}, /tokens would travel in the clear/],
  ['', { flags: { port: 'many' } }, /^--port is "many": expected a number/],
  ['', { environment: { TIPHYS_BEHIND_PROXY: 'perhaps' } }, /^TIPHYS_BEHIND_PROXY is "perhaps"/],
  ['', { environment: { TIPHYS_DATABASE_URL: 'postgres://x' } }, /PostgreSQL is not built yet/],
  ['tlsCert: a.pem\n', {}, /go together/],
  [
    `tlsCert: a.pem\ntlsKey: ${fileURLToPath(import.meta.url)}\n`,
    {},
    /^--tls-cert: a\.pem cannot be read: there is no such file/,
  ],
  ['', { flags: { 'git-protocols': 'https,gopher' } }, /git protocol gopher is not one of/],
  [
    'argocd:\n  instances:\n    - url: https://a.example\n',
    {},
    /the token of Argo CD default is missing/,
  ],
  [
    'argocd:\n  instances:\n    - url: https://a.example\n      tokenEnv: NOPE\n',
    {},
    /variable NOPE is not set/,
  ],
  ['git:\n  credentials:\n    - match: https://g\n', {}, /password or privateKeyFile is missing/],
  ['shutdownGrace: soon\n', {}, /^--shutdown-grace is "soon": expected a time like 5s/],
  ['', { flags: { retention: '3' } }, /^--retention is "3": expected a time of at least 1h/],
  ['retention: 5m\n', {}, /^tiphys\.yaml:1:1: retention: .*at least 1h/],
]

for (const [text, more, expected] of REFUSED) {
  test(`refused in one sentence: ${expected.source}`, () => {
    const result = withFile(text, more)
    assert.ok(result.code === 'invalid')
    assert.equal(result.problems.length, 1)
    assert.match(result.problems[0] ?? '', expected)
  })
}

test('a host other than loopback is fine behind a proxy or with TLS', () => {
  assert.equal(withFile('host: 0.0.0.0\nbehindProxy: true\n').code, 'loaded')
  // Any file that is there will do: what is in it is read at the start.
  const here = fileURLToPath(import.meta.url)
  const tls = `tlsCert: ${here}\ntlsKey: ${here}\n`
  assert.equal(withFile(`host: 0.0.0.0\n${tls}`).code, 'loaded')
})

test('a mistyped variable is named', () => {
  const result = withFile('', { environment: { TIPHYS_PROT: '1' } })
  assert.ok(result.code === 'loaded')
  assert.deepEqual(result.warnings, [
    'TIPHYS_PROT is not a setting of Tiphys; did you mean TIPHYS_PORT?',
  ])
})

test('secrets come from files and from the environment', () => {
  const text = 'argocd:\n  instances:\n    - url: https://a.example\n      tokenEnv: ARGO\n'
  const result = withFile(text, { environment: { ARGO: 's3cret' } })
  assert.ok(result.code === 'loaded')
  assert.equal(result.settings.argocd[0]?.token, 's3cret')
})
