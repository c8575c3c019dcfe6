import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EvaluationTask, prepareEvaluation } from './prepare-evaluation.ts'

test('an evaluation of a window that is not over ends without a verdict, and says when it will be', () => {
  const task: EvaluationTask = {
    project: 'shop',
    stage: 'staging',
    service: 'carts',
    data: { evaluation: { start: '2026-01-02T03:04:00.000Z', timeframe: '10m' } },
    labels: {},
    dueMs: Date.UTC(2026, 0, 2, 3, 5),
    slo: { file: 'slo.yaml', text: 'objectives: [{ sli: a, pass: [{ criteria: ["<1"] }] }]' },
    sliFiles: {},
    sliProvider: 'prometheus',
  }
  const preparation = prepareEvaluation(task)
  assert.equal(preparation.code, 'ended')
  if (preparation.code !== 'ended') return
  const { status, result, message } = preparation.answer
  assert.deepEqual(
    [status, result, message],
    [
      'errored',
      'fail',
      'the window ends in the future, at 2026-01-02T03:14:00.000Z: that is 9m from now',
    ],
  )
  const later = prepareEvaluation({ ...task, dueMs: Date.UTC(2026, 0, 2, 3, 14) })
  assert.equal(later.code, 'ready')
})
