import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const DOCUMENT = new URL('../../../../docs/compatibility.md', import.meta.url)
const PACKAGES = new URL('../../../', import.meta.url)
/** Behind an item of a list or a row of a table: `<!-- file: name of the test -->`. */
const HELD_BY = /<!-- ([^:]+\.test\.ts): (.+?) -->/g
/** What is not here cannot be held by a test. */
const UNHELD = '## Not here yet'
/** Of both tables of the design; fewer means that lines were lost. */
const FEWEST_LINES = 60

type Line = { readonly text: string; readonly tests: readonly (readonly [string, string])[] }

function lines(): Line[] {
  const [held = '', unheld] = readFileSync(DOCUMENT, 'utf8').split(UNHELD)
  assert.ok(unheld, `${UNHELD} ends what is held`)
  return held
    .split('\n')
    .filter((line) => /^(- |\| (?!Keptn v1 \|))/.test(line))
    .map((text) => ({
      text,
      tests: [...text.matchAll(HELD_BY)].map(([, file = '', name = '']) => [file, name] as const),
    }))
}

test('every line of docs/compatibility.md is held by a test', () => {
  const all = lines()
  assert.ok(all.length >= FEWEST_LINES, `${all.length} lines`)
  const unheld = all.filter(({ tests }) => tests.length === 0).map(({ text }) => text)
  assert.deepEqual(unheld, [])
})

test('every test that docs/compatibility.md names is there', () => {
  const missing = lines()
    .flatMap(({ tests }) => tests)
    .filter(([file, name]) => !isThere(file, name))
  assert.deepEqual(missing, [])
})

function isThere(file: string, name: string): boolean {
  const url = new URL(file, PACKAGES)
  if (!existsSync(url)) return false
  const text = readFileSync(url, 'utf8')
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`\\b(?:test|it)\\(\\s*(['"\`])${quoted}\\1`).test(text)
}
