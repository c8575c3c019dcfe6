import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Result } from '@tiphys/contract/event.ts'
import type { ShipyardStage } from '@tiphys/contract/shipyard.ts'
import fc from 'fast-check'
import { fires } from '../trigger/selector.ts'
import { firedInKeptn } from './keptn-trigger.ts'
import { triggerDifferences } from './trigger-differences.ts'

const TASKS = ['deployment', 'test', 'evaluation']

function shop(
  match: Readonly<Record<string, string>> | undefined,
  event = 'dev.delivery.finished',
) {
  const trigger = match === undefined ? { event } : { event, selector: { match } }
  const stages: ShipyardStage[] = [
    { name: 'dev', sequences: [{ name: 'delivery', tasks: TASKS.map((name) => ({ name })) }] },
    {
      name: 'prod',
      sequences: [{ name: 'rollback', triggeredOn: [trigger], tasks: [{ name: 'rollback' }] }],
    },
  ]
  return stages
}

function only(match: Readonly<Record<string, string>> | undefined, event?: string) {
  const [found, ...others] = triggerDifferences(shop(match, event))
  assert.deepEqual(others, [])
  return found
}

test('the documented failed never fired in Keptn, and names the sequence that starts now', () => {
  const found = only({ result: 'failed' })
  assert.deepEqual(
    [found?.severity, found?.code, found?.path.join('.')],
    ['changes', 'trigger-now-fires', 'spec.stages.1.sequences.0.triggeredOn.0.selector.match'],
  )
  assert.equal(
    found?.was,
    'It never started prod.rollback: it compared with fail, and failed is no result, although its documentation showed it.',
  )
  assert.equal(
    found?.now,
    'prod.rollback starts when dev.delivery ends with result fail, and after a time-out of it.',
  )
})

test('one key that held was enough, now all have to', () => {
  const found = only({ result: 'pass', 'evaluation.result': 'warning' })
  assert.equal(found?.code, 'trigger-never-fires-now')
  assert.match(found?.was ?? '', /one key that held was enough\.$/)
  assert.match(found?.now ?? '', /It never fires here\.$/)
  assert.equal(
    only({ result: 'fail', 'evaluation.result': 'fail' })?.code,
    'trigger-fires-otherwise',
  )
})

test('a key of a task that was not the last one could not match', () => {
  const found = only({ 'test.result': 'pass' })
  assert.equal(found?.code, 'trigger-now-fires')
  assert.equal(
    found?.now,
    'prod.rollback starts when dev.delivery ends with test pass, and after a time-out of it.',
  )
})

test('what meant the same is told as such', () => {
  assert.equal(only({ result: 'pass' }), undefined)
  assert.equal(only({ 'evaluation.result': 'pass' }), undefined)
  assert.equal(only(undefined)?.code, 'trigger-fires-on-warning')
  assert.equal(only({ 'tests.result': 'pass' })?.code, 'trigger-never-fires')
  assert.equal(only({ result: 'pass' }, 'dev.deliver.finished')?.code, 'trigger-names-nothing')
})

test('a sequence that reacts to failures starts after time-outs too', () => {
  const found = only({ result: 'fail' })
  assert.deepEqual([found?.severity, found?.code], ['changes', 'trigger-after-timeout'])
})

test('whatever is not told starts the same runs as in Keptn', () => {
  const result = fc.constantFrom<Result>('pass', 'warning', 'fail')
  const key = fc.constantFrom('result', ...TASKS.map((task) => `${task}.result`), 'other.result')
  const value = fc.constantFrom('pass', 'warning', 'fail', 'failed', 'ok')
  const match = fc.dictionary(key, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
  const went = fc.tuple(result, result, result)
  fc.assert(
    fc.property(match, went, (wanted, results) => {
      const isTold = triggerDifferences(shop(wanted)).some(({ code }) =>
        ['trigger-now-fires', 'trigger-fires-otherwise', 'trigger-never-fires-now'].includes(code),
      )
      if (isTold) return
      const end = endOf(results)
      const rule = { stage: 'prod', sequence: 'rollback', match: wanted }
      assert.equal(fires(rule, end), firedInKeptn(wanted, end))
    }),
    { numRuns: 2_000 },
  )
})

/** The first fail ends a sequence. */
function endOf(results: readonly Result[]) {
  const failed = results.indexOf('fail')
  const executed = results.slice(0, failed === -1 ? results.length : failed + 1)
  return {
    result: executed.at(-1) ?? 'pass',
    lastTask: TASKS[executed.length - 1] ?? '',
    taskResults: new Map(executed.map((one, index) => [TASKS[index] ?? '', one])),
  }
}
