import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { z } from 'zod'
import { formatProblem } from './problem.ts'
import { parseYaml } from './yaml-file.ts'

const Fleet = z.strictObject({
  ships: z.array(z.strictObject({ name: z.string(), crew: z.number().optional() })),
})

function lines(text: string, unknownKeys: 'error' | 'warn'): string[] {
  const result = parseYaml(Fleet, text, 'fleet.yaml', { unknownKeys })
  return (result.ok ? result.warnings : result.problems).map(formatProblem)
}

test('an unknown key is pointed at, with what was probably meant', () => {
  const text = 'ships:\n  - name: Argo\n    crow: 50\n'
  assert.deepEqual(lines(text, 'error'), [
    'fleet.yaml:3:5: unknown key crow in ships.0; did you mean crew?',
  ])
  assert.deepEqual(lines(text, 'warn'), [
    'fleet.yaml:3:5: warning: unknown key crow in ships.0; did you mean crew?',
  ])
})

test('a tolerated unknown key is dropped and the rest is the value', () => {
  const text = 'port: 1\nships:\n  - name: Argo\n    colour: red\n'
  const result = parseYaml(Fleet, text, 'fleet.yaml', { unknownKeys: 'warn' })
  assert.ok(result.ok)
  assert.deepEqual(result.value, { ships: [{ name: 'Argo' }] })
  assert.equal(result.warnings.length, 2)
})

test('broken YAML names line and column', () => {
  assert.match(
    lines('ships:\n  - name: [\n', 'error')[0] ?? '',
    /^fleet\.yaml:\d+:\d+: this is not valid YAML: /,
  )
})

test('a missing and a mistyped value are named with their path', () => {
  assert.deepEqual(lines('ships:\n  - crew: 3\n', 'error'), [
    'fleet.yaml:2:5: ships.0.name: is missing (expected string)',
  ])
  assert.deepEqual(lines('ships:\n  - name: A\n    crew: many\n', 'error'), [
    'fleet.yaml:3:5: ships.0.crew: expected number, received string',
  ])
})

test('a file that expands aliases without end is refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((name, index) => {
      const before = 'abcdefg'[index]
      return `${name}: &${name} [*${before},*${before},*${before},*${before},*${before},*${before},*${before},*${before}]`
    }),
  ].join('\n')
  assert.match(
    lines(bomb, 'error')[0] ?? '',
    /this YAML cannot be read: its aliases expand to more than is taken$/,
  )
})

test('merge keys are merged, and the own value wins', () => {
  const text = 'ships:\n  - &first { name: Argo, crew: 50 }\n  - { <<: *first, name: Pequod }\n'
  const result = parseYaml(Fleet, text, 'fleet.yaml', { unknownKeys: 'error' })
  assert.ok(result.ok)
  assert.deepEqual(result.value.ships[1], { name: 'Pequod', crew: 50 })
})

test('of several documents Keptn read the first one; our own files have one', () => {
  const text = '---\nships: []\n---\nships: 5\n'
  assert.deepEqual(lines(text, 'warn'), [
    'fleet.yaml:3:1: warning: only what stands before this line is read: another YAML document begins here',
  ])
  assert.deepEqual(parseYaml(Fleet, text, 'fleet.yaml', { unknownKeys: 'warn' }).ok, true)
  assert.match(
    lines(text, 'error').join(),
    /^fleet\.yaml:3:1: this is not valid YAML: .*multiple documents/,
  )
  assert.match(lines('ships: [\n---\na: 1\n', 'warn').join(), /this is not valid YAML/)
})

test('where one or a list may stand, a finding names the key that is wrong', () => {
  const Ship = z.strictObject({ name: z.string(), sail: z.enum(['white', 'black']).optional() })
  const Harbour = z.strictObject({ ships: z.union([Ship, z.array(Ship)]).optional() })
  const found = (text: string) => {
    const result = parseYaml(Harbour, text, 'harbour.yaml', { unknownKeys: 'error' })
    return result.ok ? [] : result.problems.map(formatProblem)
  }
  assert.deepEqual(found('ships: { name: Argo, sail: white }'), [])
  assert.deepEqual(found('ships:\n  name: Argo\n  sail: red\n'), [
    'harbour.yaml:3:3: ships.sail: expected one of white, black',
  ])
  assert.deepEqual(found('ships:\n  sail: white\n  nam: Argo\n'), [
    'harbour.yaml:3:3: unknown key nam in ships; did you mean name?',
    'harbour.yaml:1:1: ships.name: is missing (expected string)',
  ])
  assert.deepEqual(found('ships:\n  - name: Argo\n  - sail: red\n'), [
    'harbour.yaml:3:5: ships.1.name: is missing (expected string)',
    'harbour.yaml:3:5: ships.1.sail: expected one of white, black',
  ])
  assert.deepEqual(found('ships: 5\n'), [
    'harbour.yaml:1:1: ships: expected map, received number, or expected list, received number',
  ])
})

test('what a choice expects is said in its own words, and a key that is twice is named', () => {
  const Choice = z.union([z.string(), z.array(z.string())], { error: 'expected a name or names' })
  const schema = z.object({ name: Choice, count: z.int() })
  const said = (text: string) => {
    const result = parseYaml(schema, text, 'a.yaml', { unknownKeys: 'error' })
    return result.ok ? [] : result.problems.map(({ message }) => message)
  }
  assert.deepEqual(said('name: 1\ncount: 1.5\n'), [
    'name: expected a name or names',
    'count: expected whole number, received number',
  ])
  assert.deepEqual(said('name: [1]\ncount: 1\n'), ['name.0: expected string, received number'])
  assert.deepEqual(said('name: a\n"name": b\n'), [
    'this is not valid YAML: the key name is there twice',
  ])
})
