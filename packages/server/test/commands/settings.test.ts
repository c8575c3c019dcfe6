import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSettings, type SettingsResult } from '../../src/settings/load-settings.ts'

async function load(
  text: string,
  environment: Readonly<Record<string, string>> = {},
  flags: Readonly<Record<string, boolean>> = {},
): Promise<SettingsResult> {
  const folder = await mkdtemp(join(tmpdir(), 'command-settings-'))
  try {
    const file = join(folder, 'tiphys.yaml')
    await writeFile(file, text)
    return loadSettings({ flags, environment, file })
  } finally {
    await rm(folder, { recursive: true })
  }
}

function commandsOf(result: SettingsResult) {
  assert.equal(result.code, 'loaded', JSON.stringify(result))
  return result.code === 'loaded' ? result.settings.commands : undefined
}

test('commands are off unless somebody turns them on', async () => {
  assert.equal(commandsOf(await load('port: 1'))?.isEnabled, false)
  assert.equal(commandsOf(await load('commands: { allow: [k6] }'))?.isEnabled, false)
  assert.equal(commandsOf(await load('commands: { enabled: true }'))?.isEnabled, true)
  const on = { TIPHYS_ALLOW_COMMANDS: 'true' }
  assert.equal(commandsOf(await load('port: 1', on))?.isEnabled, true)
  // The flag is stronger than the file, in both directions.
  const off = await load('commands: { enabled: true }', on, { 'allow-commands': false })
  assert.equal(commandsOf(off)?.isEnabled, false)
})

test('what is allowed, what is passed on, and limits', async () => {
  const environment = { PATH: '/bin', HTTPS_PROXY: 'http://proxy', TOKEN: 'mine' }
  const text = `commands:
  enabled: true
  allow: [k6, /opt/jmeter/bin/jmeter]
  maxConcurrent: 7
  maxOutputMb: 1
  environment: [HTTPS_PROXY, NOT_SET]
`
  assert.deepEqual(commandsOf(await load(text, environment)), {
    isEnabled: true,
    allow: ['k6', '/opt/jmeter/bin/jmeter'],
    maxConcurrent: 7,
    maxOutputBytes: 1024 * 1024,
    maxFileBytes: 50 * 1024 * 1024,
    maxRunBytes: 200 * 1024 * 1024,
    path: '/bin',
    environment: { HTTPS_PROXY: 'http://proxy' },
  })
})

const WRONG: readonly (readonly [string, RegExp])[] = [
  [
    'commands: { allow: [bin/k6] }',
    /^commands\.allow has bin\/k6: expected a name like k6, or an absolute path$/,
  ],
  [
    'commands: { environment: [TIPHYS_SECRET_KEY] }',
    /^commands\.environment has TIPHYS_SECRET_KEY: settings of Tiphys are not shown to commands$/,
  ],
  [
    'commands: { enabeld: true }',
    /tiphys\.yaml:1:13: unknown key enabeld in commands; did you mean enabled\?$/,
  ],
  ['commands: { maxConcurrent: 0 }', /tiphys\.yaml:1:13: commands\.maxConcurrent: /],
]

for (const [text, expected] of WRONG) {
  test(`refused: ${text}`, async () => {
    const result = await load(text)
    assert.ok(result.code === 'invalid')
    assert.match(result.problems.join('\n'), expected)
  })
}
