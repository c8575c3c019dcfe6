import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { fires } from './selector.ts'

const rule = (match?: Record<string, string>) => ({
  stage: 'production',
  sequence: 'delivery',
  ...(match ? { match } : {}),
})
const end = (
  result: 'pass' | 'warning' | 'fail',
  ...tasks: [string, 'pass' | 'warning' | 'fail'][]
) => ({
  result,
  taskResults: new Map(tasks),
})

test('without a selector pass and warning fire', () => {
  assert.equal(fires(rule(), end('pass')), true)
  assert.equal(fires(rule(), end('warning')), true)
  assert.equal(fires(rule(), end('fail')), false)
})

test('fail and failed are one word', () => {
  assert.equal(fires(rule({ result: 'failed' }), end('fail')), true)
  assert.equal(fires(rule({ result: 'fail' }), end('fail')), true)
})

test('every key must hold, and any executed task may be named', () => {
  const passed = end('pass', ['test', 'pass'], ['evaluation', 'warning'], ['release', 'pass'])
  assert.equal(fires(rule({ 'evaluation.result': 'warning' }), passed), true)
  assert.equal(fires(rule({ 'evaluation.result': 'warning', result: 'pass' }), passed), true)
  assert.equal(fires(rule({ 'evaluation.result': 'warning', result: 'fail' }), passed), false)
})

test('a key that names nothing executed never holds', () => {
  assert.equal(fires(rule({ 'approval.result': 'pass' }), end('pass')), false)
  assert.equal(fires(rule({ colour: 'red' }), end('pass')), false)
})
