import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { type RemoteReply, toldValues } from './remote-sli.ts'

function reply(answers: readonly JsonObject[], more: Partial<RemoteReply> = {}): RemoteReply {
  const said = { status: 'succeeded', result: 'pass', message: '' } as const
  return { code: 'answered', ...said, answers, ...more }
}

function values(...indicatorValues: readonly unknown[]): JsonObject {
  return JSON.parse(JSON.stringify({ 'get-sli': { indicatorValues } })) as JsonObject
}

const told = (indicators: readonly string[], answer: RemoteReply) =>
  toldValues('remote', indicators, answer).map(({ metric, value, success, message, detail }) =>
    success ? [metric, value] : [metric, detail.problem, message],
  )

test('values as the services of Keptn send them', () => {
  const answer = values(
    { metric: 'latency', value: 12.5, comparedValue: 0, success: true, message: '' },
    { metric: 'errors', value: 0, success: false, message: 'query did not return any values' },
    { metric: 'silent', value: 0 },
    { metric: 'besides', value: 3, success: true },
  )
  assert.deepEqual(told(['latency', 'errors', 'silent', 'missing'], reply([answer])), [
    ['latency', 12.5],
    ['errors', 'provider-failed', 'query did not return any values'],
    ['silent', 'provider-failed', 'SLI provider remote has no value and does not say why'],
    ['missing', 'no-data', 'SLI provider remote sent no value for missing'],
    ['besides', 3],
  ])
})

test('of several services the first that has a value counts', () => {
  const first = values(
    { metric: 'a', success: false, message: 'no' },
    { metric: 'b', value: 1, success: true },
  )
  const second = values(
    { metric: 'a', value: 2, success: true },
    { metric: 'b', value: 9, success: true },
  )
  assert.deepEqual(told(['a', 'b'], reply([first, second])), [
    ['a', 2],
    ['b', 1],
  ])
})

test('what is malformed is said of its indicator, and costs no other one', () => {
  const answer = values(
    { metric: 'text', value: '12ms', success: true },
    { metric: 'none', success: true },
    { metric: 'good', value: 1, success: true },
    { value: 7, success: true },
    'nonsense',
    null,
  )
  const [text, none, good, ...more] = told(['text', 'none', 'good'], reply([answer]))
  assert.match(String(text?.[2]), /^SLI provider remote sent something malformed: value: /)
  assert.deepEqual(none, [
    'none',
    'not-a-number',
    'SLI provider remote calls it a success and sent no value',
  ])
  assert.deepEqual(good, ['good', 1])
  assert.deepEqual(more, [])
  for (const empty of [
    {},
    { 'get-sli': null },
    { 'get-sli': 'x' },
    { 'get-sli': { indicatorValues: null } },
  ]) {
    assert.deepEqual(told(['a'], reply([empty])), [
      ['a', 'no-data', 'SLI provider remote sent no value for a'],
    ])
  }
})

test('an answer that is no answer has no values', () => {
  const answer = values({ metric: 'a', value: 1, success: true })
  const errored = reply([answer], { status: 'errored', message: 'down' })
  assert.deepEqual(told(['a'], errored), [['a', 'provider-failed', 'down']])
  const silent = reply([], { code: 'unanswered', status: 'errored', message: 'nobody' })
  assert.deepEqual(told(['a'], silent), [['a', 'unreachable', 'nobody']])
  const aborted = reply([answer], { status: 'aborted' })
  assert.deepEqual(told(['a'], aborted), [
    ['a', 'provider-failed', 'SLI provider remote answered aborted'],
  ])
})
