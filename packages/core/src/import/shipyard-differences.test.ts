import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { ShipyardStage, ShipyardTask } from '@tiphys/contract/shipyard.ts'
import { shipyardDifferences } from './shipyard-differences.ts'

function shipyardCodes(stages: ShipyardStage[]): string[] {
  return shipyardDifferences({ apiVersion: 'spec.keptn.sh/0.2.3', spec: { stages } })
    .filter(({ code }) => code !== 'waits-end')
    .map(({ severity, code, path }) => `${severity} ${code} ${path.slice(5).join('.')}`)
}

function oneSequence(...tasks: ShipyardTask[]): ShipyardStage[] {
  return [{ name: 'dev', sequences: [{ name: 'delivery', tasks }] }]
}

test('tasks: delays, windows, approvals, and keys that mean something here', () => {
  const cases: [ShipyardTask[], string[]][] = [
    [[{ name: 'test' }, { name: 'evaluation', triggeredAfter: '10m' }], []],
    [
      [{ name: 'test', triggeredAfter: '10m' }],
      ['changes first-task-delayed tasks.0.triggeredAfter'],
    ],
    [[{ name: 'test', triggeredAfter: 'soon' }], ['info delay-unreadable tasks.0.triggeredAfter']],
    [
      [{ name: 'evaluation', properties: { timeframe: '5m' } }],
      ['changes evaluation-timeframe tasks.0.properties.timeframe'],
    ],
    [[{ name: 'approval' }], ['changes approval-queue tasks.0', 'info approval-default tasks.0']],
    [
      [{ name: 'approval', properties: { pass: 'automatic', warning: 'manual' } }],
      ['changes approval-queue tasks.0'],
    ],
    [[{ name: 'approval', properties: { pass: 'automatic', warning: 'automatic' } }], []],
    [
      [{ name: 'deployment', properties: { timeout: 90, executor: 'me', other: 1 } }],
      [
        'changes key-has-meaning tasks.0.properties.timeout',
        'changes key-has-meaning tasks.0.properties.executor',
      ],
    ],
  ]
  const strange = { name: 'deployment', if: 'true', parallel: null }
  assert.deepEqual(shipyardCodes(oneSequence(strange)), ['changes key-has-meaning tasks.0.if'])
  for (const [tasks, expected] of cases)
    assert.deepEqual(shipyardCodes(oneSequence(...tasks)), expected)
})

test('a rollback comes first, and a warning on the way is shown', () => {
  const stages: ShipyardStage[] = [
    {
      name: 'dev',
      sequences: [
        { name: 'delivery', tasks: [{ name: 'evaluation' }, { name: 'release' }] },
        {
          name: 'rollback',
          triggeredOn: [
            { event: 'dev.delivery.finished', selector: { match: { result: 'pass' } } },
          ],
          tasks: [{ name: 'rollback' }],
        },
      ],
    },
  ]
  assert.deepEqual(shipyardCodes(stages), [
    'info worst-result-is-shown tasks.0',
    'changes triggered-comes-first triggeredOn.0.event',
  ])
})

test('numbers of tasks that come again on the way', () => {
  const task = (replicas: unknown) => ({ name: 'deployment', properties: { scale: { replicas } } })
  const stages = (later: unknown, event = 'dev.delivery.finished') => [
    ...oneSequence(task(1)),
    {
      name: 'prod',
      sequences: [
        {
          name: 'delivery',
          triggeredOn: [{ event, selector: { match: { result: 'pass' } } }],
          tasks: [task(later)],
        },
      ],
    },
  ]
  const told = 'changes later-number-wins tasks.0.properties.scale.replicas'
  assert.deepEqual(shipyardCodes(stages(3)), [told])
  assert.deepEqual(shipyardCodes(stages(1)), [])
  assert.deepEqual(shipyardCodes(stages('3')), [])
  assert.ok(!shipyardCodes(stages(3, 'other.delivery.finished')).includes(told))
})
