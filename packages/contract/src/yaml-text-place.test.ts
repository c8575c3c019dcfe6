import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { readYaml } from './yaml-file.ts'

function placeOf(text: string, needle: string): string {
  const read = readYaml(text, 'a.yaml')
  if (!read.ok) assert.fail(read.problems[0]?.message)
  const { a } = read.value as { a: string }
  const { line, column } = read.within(['a'], a.indexOf(needle))
  return `${line}:${column}`
}

test('a character of a text is found in every way to write one', () => {
  assert.equal(placeOf('a: rate(x)', '('), '1:8')
  assert.equal(placeOf('a: "rate(x)"', '('), '1:9')
  assert.equal(placeOf('a: "x{b=\\"c\\"} + d"', 'd'), '1:18')
  assert.equal(placeOf("a: 'it''s(x)'", '('), '1:10')
  assert.equal(placeOf('a: |\n  sum(\n    rate(x)\n  )\n', 'rate'), '3:5')
  assert.equal(placeOf('a: >-\n  sum(\n  rate(x)\n\n  )\n', ')'), '3:9')
  assert.equal(placeOf('a: one\n  two three', 'three'), '2:7')
  assert.equal(placeOf('b: &q "up + 1"\na: *q', '+'), '2:1')
})

test('the end of a text, and what is no text, have a place too', () => {
  const read = readYaml('a: sum(x\nb: [1]\n', 'a.yaml')
  if (!read.ok) assert.fail(read.problems[0]?.message)
  assert.deepEqual(read.within(['a'], 5), { line: 1, column: 9 })
  assert.deepEqual(read.within(['b'], 0), { line: 2, column: 1 })
  assert.deepEqual(read.within(['c'], 0), { line: 1, column: 1 })
})

test('whatever YAML makes of a text, its characters are found in it', () => {
  const word = fc.constantFrom(
    'rate(x)',
    '"',
    "'",
    '\\',
    '#',
    ': ',
    '\n',
    ' ',
    '  ',
    'é',
    '日',
    'a',
    '{{b}}',
    '$C',
  )
  const text = fc.array(word, { maxLength: 30 }).map((words) => words.join(''))
  const style = fc.constantFrom(
    'PLAIN',
    'QUOTE_DOUBLE',
    'QUOTE_SINGLE',
    'BLOCK_LITERAL',
    'BLOCK_FOLDED',
  )
  fc.assert(
    fc.property(text, style, (value, defaultStringType) => {
      const yaml = stringify({ a: value }, { defaultStringType: defaultStringType as 'PLAIN' })
      const read = readYaml(yaml, 'a.yaml')
      if (!read.ok) assert.fail(read.problems[0]?.message)
      const lines = yaml.split('\n')
      for (const [offset, character] of [...value].entries()) {
        // Escaped ones are written otherwise.
        if (/[\s"'\\]/.test(character)) continue
        const { line, column } = read.within(['a'], offset)
        assert.equal([...(lines[line - 1] ?? '')][column - 1], character, yaml)
      }
    }),
    { numRuns: 200 },
  )
})
