import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assignProviders, mergeSli } from './sli.ts'

test('service overrides stage overrides project, name by name', () => {
  assert.deepEqual(
    mergeSli([
      { indicators: { a: { query: 'project' }, b: { query: 'project' }, c: { query: 'project' } } },
      { indicators: { b: { query: 'stage', unit: 'ms' }, c: { query: 'stage', unit: 'ms' } } },
      { indicators: { c: { query: 'service' }, d: null } },
      {},
    ]),
    {
      a: { query: 'project' },
      b: { query: 'stage', unit: 'ms' },
      c: { query: 'service' },
      d: { query: '' },
    },
  )
})

test('the file that names an indicator decides, then the setting, then the only file', () => {
  const file = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, { query: 'q' }]))
  const choose = (files: Record<string, string[]>, setting?: string) => {
    const queries = Object.fromEntries(
      Object.entries(files).map(([name, indicators]) => [name, file(...indicators)]),
    )
    const choice = assignProviders(['rt', 'errors'], queries, setting, 'shop')
    return choice.ok ? [...choice.providers.values()] : choice.message
  }
  assert.deepEqual(choose({ prometheus: ['rt'] }), ['prometheus', 'prometheus'])
  assert.deepEqual(choose({ prometheus: ['rt'] }, 'test-results'), ['prometheus', 'prometheus'])
  assert.deepEqual(choose({}, 'test-results'), ['test-results', 'test-results'])
  assert.deepEqual(choose({ prometheus: ['rt'], datadog: ['errors'] }), ['prometheus', 'datadog'])
  assert.deepEqual(choose({ prometheus: ['rt'], datadog: [] }), ['prometheus', null])
  assert.deepEqual(choose({ prometheus: [], datadog: ['rt'] }, 'prometheus'), [
    'datadog',
    'prometheus',
  ])
  const both = { prometheus: ['rt'], datadog: ['rt', 'errors'] }
  assert.deepEqual(choose(both, 'prometheus'), ['prometheus', 'datadog'])
  assert.match(
    String(choose(both)),
    /^rt is in prometheus\/sli.yaml and datadog\/sli.yaml: set sliProvider in tiphys\/project.yaml to the one that counts/,
  )
  assert.match(String(choose(both, 'splunk')), /^rt is in prometheus/)
  assert.match(String(choose({})), /^no SLI provider for project shop: add <provider>\/sli\.yaml/)
})
