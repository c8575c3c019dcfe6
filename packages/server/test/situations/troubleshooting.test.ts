import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const GUIDE = new URL('../../../../docs/troubleshooting.md', import.meta.url)
const GOLDEN = new URL('./situations.golden.md', import.meta.url)
/** The first cell of a row: a sentence in backquotes. */
const SENTENCE = /^\| `([^`]+)` \|/gm
const FEWEST = 30

/** A guide that quotes sentences nobody says any more sends people astray. */
test('every sentence of docs/troubleshooting.md is one that the server says', () => {
  const said = readFileSync(GOLDEN, 'utf8').replaceAll('&lt;', '<')
  const quoted = [...readFileSync(GUIDE, 'utf8').matchAll(SENTENCE)].map(([, text = '']) => text)
  assert.ok(quoted.length >= FEWEST, `${quoted.length} sentences were found`)
  const unsaid = quoted.filter((text) => !new RegExp(patternOf(text)).test(said))
  assert.deepEqual(unsaid, [])
})

/** `…` stands for anything on the same line. */
function patternOf(text: string): string {
  return text
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
}
