import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { formatImageReference, isImageName, parseImageReference } from './image-reference.ts'

const DIGEST = `sha256:${'0a'.repeat(32)}`

test('references come apart and together again', () => {
  const references = [
    ['carts', { name: 'carts' }],
    ['carts:1.4', { name: 'carts', tag: '1.4' }],
    ['docker.io/acme/carts:v1_2-x', { name: 'docker.io/acme/carts', tag: 'v1_2-x' }],
    ['localhost:5000/carts', { name: 'localhost:5000/carts' }],
    ['Registry.Example.COM:5000/a/b:1', { name: 'Registry.Example.COM:5000/a/b', tag: '1' }],
    [`carts@${DIGEST}`, { name: 'carts', digest: DIGEST }],
    [`a/b:1@${DIGEST}`, { name: 'a/b', tag: '1', digest: DIGEST }],
  ] as const
  for (const [text, expected] of references) {
    const parsed = parseImageReference(text)
    assert.deepEqual(parsed, expected)
    assert.equal(formatImageReference(expected), text)
  }
})

test('what is no reference is undefined', () => {
  const wrong = [
    '',
    'Carts',
    'carts:',
    'carts:-1',
    'a//b',
    '/a',
    'a/',
    'a b',
    'carts@sha256:12',
    'a:1:2',
    'a\n:1',
    'x'.repeat(600),
  ]
  for (const text of wrong) assert.equal(parseImageReference(text), undefined, text)
  assert.equal(isImageName('carts:1.4'), false)
})
