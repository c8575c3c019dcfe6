import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { filePatternFault, matchesPattern } from './file-pattern.ts'

test('names, folders and any number of folders', () => {
  const holds: [string, string][] = [
    ['report.xml', 'report.xml'],
    ['reports/*.xml', 'reports/a.xml'],
    ['**', 'a'],
    ['**', 'a/b/c'],
    ['**/*.xml', 'a.xml'],
    ['**/*.xml', 'a/b/c.xml'],
    ['out/**', 'out/a/b'],
    ['a/**/z', 'a/z'],
    ['a/**/z', 'a/b/c/z'],
    ['?.txt', 'ü.txt'],
    ['*a*b*', 'xxaxxbxx'],
  ]
  for (const [pattern, path] of holds) assert.equal(matchesPattern(pattern, path), true, pattern)
  const fails: [string, string][] = [
    ['*.xml', 'a/b.xml'],
    ['reports/*.xml', 'reports/a/b.xml'],
    ['a/**/z', 'b/z'],
    ['?', ''],
    ['a.c', 'abc'],
    ['out/*', 'out'],
  ]
  for (const [pattern, path] of fails) assert.equal(matchesPattern(pattern, path), false, pattern)
})

test('a pattern cannot leave its folder', () => {
  assert.match(String(filePatternFault('../x')), /has the part \.\. in it/)
  assert.match(String(filePatternFault('/etc/*')), /is absolute/)
  assert.equal(filePatternFault('**/*.xml'), undefined)
})

test('a name is found by itself with parts replaced by wildcards', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), fc.nat(), (parts, seed) => {
      const path = parts.join('/')
      const at = seed % parts.length
      const wild = (put: string) => parts.with(at, put).join('/')
      assert.ok(matchesPattern(path, path))
      assert.ok(matchesPattern(wild('*'), path))
      assert.ok(matchesPattern(wild('**'), path))
      assert.ok(matchesPattern(wild(`${parts[at]?.slice(0, 1)}*`), path))
      assert.equal(matchesPattern(`${path}x`, path), false)
    }),
  )
})

test('many wildcards take no time', () => {
  assert.equal(matchesPattern(`${'*a'.repeat(40)}b`, 'a'.repeat(250)), false)
})
