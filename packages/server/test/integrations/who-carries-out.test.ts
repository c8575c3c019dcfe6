import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Shipyard } from '@tiphys/contract/shipyard.ts'
import { createPlanner } from '../../src/engine/planner.ts'
import type { TaskExecutor } from '../../src/executors/executor.ts'
import { SIMULATED_SNAPSHOT } from '../simulation/simulated-project.ts'

type Case = {
  readonly task: string
  readonly takes?: ReturnType<TaskExecutor['takes']>
  readonly executor?: string
  readonly subscribed?: boolean
  readonly carrier: 'tiphys' | 'external' | 'nobody'
}

/** behaviour.md 4, case by case. */
const CASES: readonly Case[] = [
  { task: 'test', takes: 'configured', carrier: 'tiphys' },
  { task: 'test', takes: 'configured', subscribed: true, carrier: 'tiphys' },
  { task: 'test', takes: 'configured', executor: 'external', carrier: 'external' },
  { task: 'test', takes: 'neutral', carrier: 'tiphys' },
  { task: 'test', takes: 'neutral', subscribed: true, carrier: 'external' },
  { task: 'test', takes: 'neutral', subscribed: true, executor: 'tiphys', carrier: 'tiphys' },
  { task: 'deployment', takes: 'no', carrier: 'nobody' },
  { task: 'deployment', takes: 'no', subscribed: true, carrier: 'external' },
  { task: 'deployment', takes: 'no', executor: 'tiphys', carrier: 'tiphys' },
  { task: 'evaluation', takes: 'no', subscribed: true, carrier: 'tiphys' },
  { task: 'evaluation', takes: 'no', executor: 'external', carrier: 'external' },
  { task: 'approval', takes: 'no', subscribed: true, carrier: 'tiphys' },
  { task: 'unheard-of', carrier: 'nobody' },
  { task: 'unheard-of', subscribed: true, carrier: 'external' },
  { task: 'unheard-of', executor: 'tiphys', carrier: 'nobody' },
]

for (const { task, takes, executor, subscribed = false, carrier } of CASES) {
  const who = [takes ?? 'nothing built in', executor ?? '', subscribed ? 'subscribed' : '']
  test(`${task} (${who.filter(Boolean).join(', ')}) is carried out by ${carrier}`, () => {
    const properties = executor === undefined ? {} : { executor }
    const sequences = [{ name: 'delivery', tasks: [{ name: task, properties }] }]
    const shipyard = Shipyard.parse({
      apiVersion: 'spec.keptn.sh/0.2.3',
      spec: { stages: [{ name: 'dev', sequences }] },
    })
    const builtIn: TaskExecutor = {
      task,
      source: 'tiphys',
      takes: () => takes ?? 'no',
      execute: () => new Promise(() => undefined),
    }
    const asked: object[] = []
    const planner = createPlanner({
      executors: takes === undefined ? [] : [builtIn],
      isSubscribed(name, place) {
        asked.push({ name, ...place })
        return subscribed
      },
    })
    const wish = { stage: 'dev', service: 'carts', sequence: 'delivery' }
    const planned = planner.plan({ ...SIMULATED_SNAPSHOT, shipyard }, wish)
    assert.ok(planned.code === 'planned')
    assert.equal(planned.plan.tasks[0]?.carrier, carrier)
    const { project } = SIMULATED_SNAPSHOT
    assert.deepEqual(asked, [{ name: task, project, stage: 'dev', service: 'carts' }])
  })
}
