import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { mergeData } from './merge.ts'

test('maps merge, newer list elements come first, later values win', () => {
  assert.deepEqual(
    mergeData(
      { labels: { build: '1', team: 'a' }, uris: ['old'], count: 1, flag: true, text: 'x' },
      { labels: { build: '2' }, uris: ['new'], count: 2, flag: false, text: 'y' },
    ),
    {
      labels: { build: '2', team: 'a' },
      uris: ['new', 'old'],
      count: 2,
      flag: false,
      text: 'y',
    },
  )
})

test('null empties a string and leaves anything else', () => {
  assert.deepEqual(mergeData({ a: 'x', b: [1], c: null }, { a: null, b: null, c: 1 }), {
    a: '',
    b: [1],
    c: 1,
  })
})

test('on a mismatch of types the newer wins', () => {
  assert.deepEqual(mergeData({ a: { b: 1 } }, { a: 'text' }), { a: 'text' })
})

test('a key named like a prototype stays data', () => {
  const merged = mergeData({}, JSON.parse('{"__proto__":{"polluted":true}}'))
  assert.equal(Object.hasOwn(merged, '__proto__'), true)
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
})
