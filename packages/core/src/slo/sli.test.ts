import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeSli, resolveSliProvider } from './sli.ts'

test('service overrides stage overrides project, name by name', () => {
  assert.deepEqual(
    mergeSli([
      { indicators: { a: 'project', b: 'project', c: 'project' } },
      { indicators: { b: 'stage', c: 'stage' } },
      { indicators: { c: 'service' } },
      {},
    ]),
    { a: 'project', b: 'stage', c: 'service' },
  )
})

test('the file decides, then the setting, and nothing is an error', () => {
  const choose = (files: string[], setting?: string) => {
    const choice = resolveSliProvider(files, setting, 'shop')
    return choice.ok ? choice.provider : choice.message
  }
  assert.equal(choose(['prometheus']), 'prometheus')
  assert.equal(choose(['prometheus'], 'test-results'), 'prometheus')
  assert.equal(choose([], 'test-results'), 'test-results')
  assert.equal(choose(['prometheus', 'test-results'], 'test-results'), 'test-results')
  assert.match(choose(['prometheus', 'test-results']), /^several SLI providers are configured/)
  assert.match(choose(['prometheus', 'dynatrace'], 'test-results'), /^several SLI providers/)
  assert.match(choose([]), /^no SLI provider for project shop: add <provider>\/sli\.yaml/)
})
