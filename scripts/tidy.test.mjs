import { strict as assert } from 'node:assert'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { tidyProblems } from './tidy.mjs'

const TIDY = {
  'package.json': '{ "version": "0.1.0" }\n',
  'CHANGELOG.md': '# Changelog\n\n## 0.1.0\n',
}

function problemsOf(t, files) {
  const root = mkdtempSync(join(tmpdir(), 'tiphys-tidy-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries({ ...TIDY, ...files })) {
    if (text === undefined) continue
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text.replaceAll('@ROOT@', root))
  }
  return tidyProblems(root).map((line) => line.replaceAll(root, '@ROOT@'))
}

test('a tidy checkout has no problems', (t) => {
  const files = {
    'packages/core/src/a.ts': "// Date.now() would be wrong here.\nimport './b.ts'\n",
    'packages/server/src/c.ts': "import '@tiphys/core/a.ts'\nconst now = Date.now()\n",
    'docs/x.md':
      'See [the log](../CHANGELOG.md#x), [a page](https://example.com) and [here](#here).\n',
  }
  assert.deepEqual(problemsOf(t, files), [])
})

test('each rule says file, line and what is wrong', (t) => {
  const cases = [
    [
      { 'packages/server/src/c.ts': "\nimport { a } from '../../core/src/a.ts'\n" },
      'packages/server/src/c.ts:2: imports ../../core/src/a.ts of another package; write its package name',
    ],
    [
      { 'packages/core/src/a.ts': 'const now =\n  Date.now()\n' },
      'packages/core/src/a.ts:2: Date.now in a pure package: take it from the caller',
    ],
    [
      { 'package-lock.json': `{\n"${'resolved'}": "https://example.com/a.tgz"\n}\n` },
      `package-lock.json:2: "${'resolved'}": "https: names a registry`,
    ],
    [{ 'docs/x.md': 'at @ROOT@/docs\n' }, 'docs/x.md:1: @ROOT@/ is a path of one machine'],
    [
      { 'packages/core/src/a.test.ts': `\n\ntest${'.only'}('x', () => {})\n` },
      `packages/core/src/a.test.ts:3: test${'.only'}( silences the other tests`,
    ],
    [
      { 'packages/server/src/long.ts': 'a\n'.repeat(401) },
      'packages/server/src/long.ts:401: has 401 lines; at most 400',
    ],
    [
      { 'docs/x.md': 'See\n[this](missing.md).\n' },
      'docs/x.md:2: links to missing.md, which is not there',
    ],
    [{ 'CHANGELOG.md': undefined }, 'CHANGELOG.md:1: is missing'],
    [{ 'CHANGELOG.md': '# Changelog\n' }, 'CHANGELOG.md:1: says nothing about version 0.1.0'],
  ]
  for (const [files, expected] of cases) assert.deepEqual(problemsOf(t, files), [expected])
})
