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

test('each provider is asked for its indicators, a few at a time', async () => {
  let underWay = 0
  let most = 0
  const asked: string[] = []
  const provider: SliProvider = {
    name: 'slow',
    async fetchValue({ indicator, query }) {
      asked.push(`${indicator}=${query?.query}`)
      underWay++
      most = Math.max(most, underWay)
      for (let turns = 0; turns < 10 - asked.length; turns++) await turn()
      underWay--
      return measured(indicator, asked.length, { provider: 'slow' })
    },
  }
  const indicators = ['a', 'b', 'c', 'd', 'e', 'constructor']
  const queries = { a: { query: 'q' }, b: { query: '' } }
  const other: SliProvider = {
    name: 'other',
    fetchValue: ({ indicator }) => Promise.resolve(measured(indicator, 42, { provider: 'other' })),
  }
  const values = await fetchValues(
    [
      { provider, indicators, queries },
      { provider: other, indicators: ['f'], queries: {} },
    ],
    COMMON,
  )
  assert.deepEqual([...values.keys()].toSorted(), [...indicators, 'f'].toSorted())
  assert.equal(values.get('f')?.value, 42)
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
    const questions = [{ provider, indicators: ['rps'], queries: {} }]
    const value = (await fetchValues(questions, COMMON)).get('rps')
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
