import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { LostCopyError } from '../../src/ports/upstreams.ts'
import { engineHarness } from './engine-harness.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

const sequence = (task: object) => [{ name: 'delivery', tasks: [task, { name: 'approval' }] }]
const STAGES = [
  { name: 'dev', sequences: sequence({ name: 'build', properties: { timeout: '1h' } }) },
  { name: 'prod', sequences: sequence({ name: 'deployment' }) },
]

test('while a configuration is lost nothing goes on and no clock runs, also over restarts', async () => {
  let begun = 0
  const executor = {
    task: 'deployment',
    source: 'tiphys',
    takes: () => 'configured' as const,
    async execute({ signal }: { readonly signal: AbortSignal }) {
      begun++
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      return { code: 'left-open' as const, message: '' }
    },
  }
  const harness = await engineHarness({ stages: STAGES, executors: [executor] })
  const contexts = ['built', 'behind', 'deployed']
  await harness.trigger('dev.delivery', 'built')
  await harness.trigger('dev.delivery', 'behind')
  await harness.trigger('prod.delivery', 'deployed')
  // Half of what a task gets until somebody answers.
  await harness.pass(5 * MINUTE_MS)
  const open = harness.open()
  const types = async () => (await Promise.all(contexts.map(harness.types))).flat()
  const before = await types()
  assert.equal(begun, 1)

  harness.lose()
  for (const hours of [1, 2]) {
    await harness.restart()
    await harness.pass(hours * HOUR_MS)
    for (const context of contexts) {
      const [reason, ...others] = harness.why(context)
      assert.equal(reason?.code, 'configuration', context)
      assert.deepEqual(others, [])
    }
    await assert.rejects(harness.trigger('dev.delivery', 'new'), LostCopyError)
    await assert.rejects(harness.finish('built'), LostCopyError)
    await assert.rejects(harness.control('built', 'abort'), LostCopyError)
  }
  assert.deepEqual(
    (await types()).filter((type) => type !== 'dev.tiphys.run.paused'),
    before,
  )
  assert.equal(begun, 1)

  harness.lose(false)
  await harness.pass(2_000)
  assert.equal(begun, 2)
  assert.deepEqual(harness.open(), open)
  await harness.pass(4 * MINUTE_MS)
  assert.deepEqual(harness.open(), open)
  await harness.pass(2 * MINUTE_MS)
  assert.ok(harness.open().includes('behind:build'))
  assert.deepEqual(harness.why('built'), [])
})

test('what a person paused before stays paused, and a start that finds the configuration lets the rest go on', async () => {
  const harness = await engineHarness({ stages: STAGES })
  await harness.trigger('dev.delivery', 'paused')
  await harness.control('paused', 'pause')
  await harness.trigger('prod.delivery', 'going')
  harness.lose()
  await harness.restart()
  harness.lose(false)
  await harness.restart()
  assert.deepEqual(
    harness.why('going').map(({ code }) => code),
    ['nobody'],
  )
  assert.match(
    harness
      .why('paused')
      .map(({ message }) => message)
      .join(),
    /paused by ci/,
  )
})
