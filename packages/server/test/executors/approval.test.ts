import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { decideApproval } from '../../src/executors/approval/approval-executor.ts'

const automatic = { pass: 'automatic', warning: 'manual' }

test('automatic lets through, manual waits, fail is never approved', () => {
  const pass = decideApproval(automatic, { result: 'pass' })
  assert.deepEqual([pass.code, pass.code === 'finished' && pass.result], ['finished', 'pass'])
  assert.equal(decideApproval(automatic, { result: 'warning' }).code, 'left-open')
  const fail = decideApproval(automatic, { result: 'fail' })
  assert.ok(fail.code === 'finished' && fail.result === 'fail')
})

test('unset is manual, and so is an approval before any result', () => {
  assert.equal(decideApproval({}, { result: 'pass' }).code, 'left-open')
  assert.equal(decideApproval(automatic, {}).code, 'left-open')
})

test('the result of an evaluation counts where no other is', () => {
  assert.equal(decideApproval(automatic, { evaluation: { result: 'pass' } }).code, 'finished')
})

test('event data cannot change the policy', () => {
  const steering = { result: 'warning', approval: { pass: 'automatic', warning: 'automatic' } }
  assert.equal(decideApproval({ pass: 'manual', warning: 'manual' }, steering).code, 'left-open')
})
