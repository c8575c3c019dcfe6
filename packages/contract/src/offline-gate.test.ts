import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Evaluation } from './evaluation.ts'
import { PreviousFile, ValuesFile } from './offline-gate.ts'

test('a number without success is a measurement, no number is none', () => {
  const file = ValuesFile.parse({
    indicatorValues: [
      { metric: 'a', value: 1.5, success: true, message: '', unit: 'ms' },
      { metric: 'b', value: 2 },
      { metric: 'c', value: 3, success: false, message: 'no data' },
      { metric: 'd', value: null, success: true },
    ],
  })
  assert.deepEqual(
    file.indicatorValues.map(({ metric, value, success }) => ({ metric, value, success })),
    [
      { metric: 'a', value: 1.5, success: true },
      { metric: 'b', value: 2, success: true },
      { metric: 'c', value: 3, success: false },
      { metric: 'd', value: 0, success: false },
    ],
  )
  assert.equal(
    ValuesFile.safeParse({ indicatorValues: [{ metric: 'a', value: '1' }] }).success,
    false,
  )
  assert.equal(ValuesFile.safeParse({}).success, false)
})

test('previous.json takes evaluation objects, event data and whole events', () => {
  const evaluation: Evaluation = {
    timeStart: '',
    timeEnd: '',
    result: 'pass',
    score: 100,
    sloFileContent: '',
    comparedEvents: [],
    indicatorResults: [
      {
        score: 1,
        value: { metric: 'rt', value: 7, comparedValue: 0, success: true, message: '' },
        displayName: '',
        passTargets: [],
        warningTargets: null,
        keySli: false,
        status: 'info',
      },
    ],
  }
  assert.deepEqual(Evaluation.parse(evaluation), evaluation)
  const read = PreviousFile.parse([
    evaluation,
    { result: 'warning', evaluation },
    { id: 'e1', type: 'sh.keptn.event.evaluation.finished', data: { result: 'fail', evaluation } },
    { ...evaluation, result: 'fail', indicatorResults: null },
  ])
  assert.deepEqual(
    read.map(({ id, result }) => [id, result]),
    [
      [undefined, 'pass'],
      [undefined, 'warning'],
      ['e1', 'fail'],
      [undefined, 'fail'],
    ],
  )
  assert.equal(read[2]?.evaluation.indicatorResults?.[0]?.value?.value, 7)
  assert.equal(PreviousFile.safeParse([{ result: 'pass' }]).success, false)
  assert.equal(PreviousFile.safeParse(evaluation).success, false)
})
