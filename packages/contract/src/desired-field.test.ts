import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { fieldName, type PathStep, parseFieldPath } from './desired-field.ts'

function steps(path: string): readonly PathStep[] | string {
  const parsed = parseFieldPath(path)
  return parsed.code === 'path' ? parsed.steps : parsed.message
}

test('keys, places, entries and quoted keys', () => {
  assert.deepEqual(steps('spec.containers[name=carts].env[0]["a.b/c"].value'), [
    { step: 'key', key: 'spec' },
    { step: 'key', key: 'containers' },
    { step: 'entry', key: 'name', equals: 'carts' },
    { step: 'key', key: 'env' },
    { step: 'index', index: 0 },
    { step: 'key', key: 'a.b/c' },
    { step: 'key', key: 'value' },
  ])
  assert.deepEqual(steps('[1].tag'), [
    { step: 'index', index: 1 },
    { step: 'key', key: 'tag' },
  ])
})

test('what is no path says where it stops being one', () => {
  assert.equal(
    steps('image..tag'),
    'path "image..tag" is not a path at character 6; write keys joined by dots, [0], [name=value] or ["a.key"]',
  )
  for (const path of ['', '.a', 'a.', 'a[', 'a[-1]', 'a b', 'a["x]', 'a[x=]', 'a.*', '$..a.']) {
    assert.equal(parseFieldPath(path).code, 'invalid', path)
  }
  assert.equal(parseFieldPath('a.'.repeat(40)).code, 'invalid')
  assert.equal(parseFieldPath('a'.repeat(600)).code, 'invalid')
})

test('fields have names for people', () => {
  const document = { kind: 'Deployment', name: 'carts' }
  assert.equal(
    fieldName({ kind: 'yaml-path', path: 'spec.replicas', document }),
    'spec.replicas of Deployment carts',
  )
  assert.equal(
    fieldName({ kind: 'kustomize-image', image: 'carts', part: 'tag' }),
    'tag of image carts',
  )
})
