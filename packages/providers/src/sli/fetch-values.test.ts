import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { measured } from '@tiphys/core/evaluation/sli-value.ts'
import { fetchValues } from './fetch-values.ts'
import type { SliProvider } from './sli-provider.ts'
import { createTestResultsProvider } from './test-results-provider.ts'

const COMMON = {
  window: { startMs: 0, endMs: 1 },
  scope: { project: '', stage: '', service: '', deployment: '', labels: {}, filters: {} },
}

test('each indicator is asked once, a few at a time, answered in order', async () => {
  let underWay = 0
  let most = 0
  const asked: string[] = []
  const provider: SliProvider = {
    name: 'slow',
    async fetchValue({ indicator, query }) {
      asked.push(`${indicator}=${query}`)
      underWay++
      most = Math.max(most, underWay)
      for (let turns = 0; turns < 10 - asked.length; turns++) await turn()
      underWay--
      return measured(indicator, asked.length, { provider: 'slow' })
    },
  }
  const names = ['a', 'b', 'a', 'c', 'd', 'e', 'constructor', 'a']
  const values = await fetchValues(provider, names, { a: 'q', b: '' }, COMMON)
  assert.deepEqual(
    values.map((value) => value.metric),
    ['a', 'b', 'c', 'd', 'e', 'constructor'],
  )
  assert.deepEqual(asked.toSorted(), [
    'a=q',
    'b=undefined',
    'c=undefined',
    'constructor=undefined',
    'd=undefined',
    'e=undefined',
  ])
  assert.ok(most > 1 && most <= 4)
})

test('test results of a run are a provider; malformed ones say where', async () => {
  const ask = async (results: unknown) => {
    const provider = createTestResultsProvider(results)
    const [value] = await fetchValues(provider, ['rps'], {}, COMMON)
    return value?.success ? value.value : [value?.detail.problem, value?.message]
  }
  assert.equal(await ask({ rps: 12 }), 12)
  assert.deepEqual(await ask(undefined), [
    'no-data',
    'there are no test results: no test of this run reported any',
  ])
  const malformed = await ask({ rps: '12/s' })
  assert.match(String(malformed), /^provider-failed,the test results are malformed at rps: /)
})
