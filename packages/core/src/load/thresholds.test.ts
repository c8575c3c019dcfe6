import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { parseCriterion, THRESHOLD_FIGURES } from '@tiphys/contract/test-threshold.ts'
import { judgeThresholds } from './thresholds.ts'

function judged(
  figure: keyof typeof THRESHOLD_FIGURES,
  value: number | undefined,
  pass: string,
  warning?: string,
) {
  const [only] = judgeThresholds(
    [
      {
        figure,
        pass: criterion(figure, pass),
        ...(warning === undefined ? {} : { warning: criterion(figure, warning) }),
      },
    ],
    value === undefined ? {} : { [figure]: value },
  )
  return only
}

function criterion(figure: keyof typeof THRESHOLD_FIGURES, text: string) {
  const parsed = parseCriterion(text, THRESHOLD_FIGURES[figure])
  assert.ok(parsed.ok)
  return parsed.criterion
}

test('pass, then warning, then fail, as in an SLO', () => {
  assert.equal(judged('response_time_p95', 499, '<500ms', '<1s')?.result, 'pass')
  assert.deepEqual(judged('response_time_p95', 612.4, '<500ms', '<1s'), {
    result: 'warning',
    sentence: 'response_time_p95 is 612 ms, not <500 ms',
  })
  assert.equal(judged('response_time_p95', 1_000, '<500ms', '<1s')?.result, 'fail')
})

test('every operator compares as written', () => {
  const cases = [
    ['<5', [4, 'pass'], [5, 'fail']],
    ['<=5', [5, 'pass'], [6, 'fail']],
    ['>5', [6, 'pass'], [5, 'fail']],
    ['>=5', [5, 'pass'], [4, 'fail']],
    ['=5', [5, 'pass'], [6, 'fail']],
  ] as const
  for (const [text, ...values] of cases) {
    for (const [value, result] of values) {
      assert.equal(judged('requests', value, text)?.result, result, `${value} ${text}`)
    }
  }
})

test('no data is a fail that says so', () => {
  assert.deepEqual(judged('response_time_p99', undefined, '<500ms'), {
    result: 'fail',
    sentence: 'response_time_p99 was not measured, and should be <500 ms',
  })
})

test('figures are said in their unit', () => {
  assert.equal(judged('error_rate', 0.123_4, '<1%')?.sentence, 'error_rate is 0.123 % (<1 %)')
  assert.equal(judged('rps', 19.84, '>=20/s')?.sentence, 'rps is 19.8/s, not >=20/s')
})
