import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const RUNNER = join(dirname(fileURLToPath(import.meta.url)), 'test.mjs')
const IMPORT = "import { test } from 'node:test'\n"

/** Runs the runner over a folder with these test files. */
function runOver(t, files, { patterns = [], env = {} } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'tiphys-runner-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const { NODE_TEST_CONTEXT, TIPHYS_TEST_PEERS, ...inherited } = process.env
  const { status, stdout } = spawnSync(process.execPath, [RUNNER, ...patterns], {
    encoding: 'utf8',
    env: {
      ...inherited,
      TEST_ROOT: root,
      TEST_LIMIT_MS: '1000',
      TEST_FILE_LIMIT_MS: '2500',
      ...env,
    },
  })
  const count = (word) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, 'm').exec(stdout)?.[1])
  return { status, stdout, count }
}

const PASS = `${IMPORT}test('passes', () => undefined)\n`
const FAIL = `${IMPORT}test('fails', () => { throw new Error('no') })\n`

test('one sum over everything, last and once', (t) => {
  const { status, stdout, count } = runOver(t, {
    'packages/core/src/pure.test.ts': PASS,
    'packages/contract/src/other.test.ts': PASS,
    'packages/server/test/load/timed.test.ts': PASS,
    'packages/server/test/deep/real.test.ts': `${PASS}test.skip('later', () => undefined)\n`,
  })
  assert.deepEqual(
    [status, count('tests'), count('pass'), count('fail'), count('skipped')],
    [0, 5, 4, 0, 1],
  )
  assert.equal(stdout.match(/^ℹ tests /gm)?.length, 1)
  assert.match(stdout.trimEnd().split('\n').at(-1), /^ℹ duration_ms \d+$/)
})

test('a failed test, and a file that cannot be loaded, fail the run and no other file', (t) => {
  const { status, stdout, count } = runOver(t, {
    'packages/core/src/bad.test.ts': FAIL,
    'packages/core/src/broken.test.ts': "import 'there-is-no-such-package'\n",
    'packages/core/src/good.test.ts': PASS,
    'packages/server/test/broken.test.ts': 'const const\n',
    'packages/server/test/load/bad.test.ts': FAIL,
  })
  assert.deepEqual([status, count('tests'), count('pass'), count('fail')], [1, 5, 1, 4])
  assert.match(stdout, /there-is-no-such-package/)
  assert.equal(stdout.match(/failing tests:/g)?.length, 1)
})

test('what hangs, spins or leaves something open is ended and counts as failed', (t) => {
  const { status, stdout, count } = runOver(t, {
    'packages/server/test/spins.test.ts': `${IMPORT}test('spins', () => { for (;;); })\n`,
    'packages/server/test/leaks.test.ts': `${IMPORT}test('leaks', () => { setInterval(() => undefined, 1000) })\n`,
    'packages/server/test/good.test.ts': PASS,
  })
  assert.equal(status, 1)
  assert.match(stdout, /^killed after 2\.5 s, .*: packages\/server\/test\/spins\.test\.ts$/m)
  assert.match(stdout, /^killed after 2\.5 s, .*: packages\/server\/test\/leaks\.test\.ts$/m)
  assert.ok(count('fail') + count('cancelled') >= 2)
  assert.equal(count('pass'), 2)
})

test('a pattern narrows by path, and one that fits nothing says so', (t) => {
  const files = { 'packages/core/src/a.test.ts': PASS, 'packages/server/test/b.test.ts': FAIL }
  const narrowed = runOver(t, files, { patterns: ['packages/core'] })
  assert.deepEqual([narrowed.status, narrowed.count('tests')], [0, 1])
  assert.equal(runOver(t, files, { patterns: ['nothing'] }).status, 2)
})

test('missing peers are named before the closing lines, and fail where all are wanted', (t) => {
  const files = { 'packages/core/src/a.test.ts': PASS }
  const calm = runOver(t, files, { env: { PATH: '/nonexistent' } })
  assert.equal(calm.status, 0)
  const names = 'git, git http-backend, sshd, prometheus, victoria-metrics, influxd, graphite-web'
  assert.match(calm.stdout, new RegExp(`^not run here: ${names}\nℹ tests 1$`, 'm'))
  const strict = runOver(t, files, { env: { PATH: '/nonexistent', TIPHYS_TEST_PEERS: 'all' } })
  assert.deepEqual([strict.status, strict.count('tests'), strict.count('fail')], [1, 8, 7])
})
