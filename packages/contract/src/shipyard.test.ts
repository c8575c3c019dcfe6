import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { Shipyard } from './shipyard.ts'
import { parseYaml } from './yaml-file.ts'

const file = (stage: string) =>
  `apiVersion: spec.keptn.sh/0.2.3\nspec:\n  stages:\n    - name: dev\n      sequences:\n        - ${stage}\n`

function read(stage: string) {
  return parseYaml(Shipyard, file(stage), 'shipyard.yaml', { unknownKeys: 'warn' })
}

test('names that YAML takes for numbers are taken by their text, as Keptn took them', () => {
  const result = read('name: 1\n          tasks: [{ name: 2 }]')
  assert.ok(result.ok)
  const [sequence] = result.value.spec.stages[0]?.sequences ?? []
  assert.deepEqual([sequence?.name, sequence?.tasks?.[0]?.name], ['1', '2'])
})

test('an unknown key behind a name is still suggested for', () => {
  const result = read('name: delivery\n          task: []')
  assert.ok(result.ok)
  assert.match(result.warnings[0]?.message ?? '', /unknown key task in .*; did you mean tasks\?/)
})

test('a name that is nothing is refused', () => {
  assert.equal(read('name: {}').ok, false)
  assert.equal(read('tasks: []').ok, false)
})
