import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from '../../test/answering-server.ts'
import { REQUEST } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import { createPrometheusProvider } from '../prometheus/prometheus-provider.ts'

const DAY_MS = 24 * 3_600_000
const ANSWER = {
  status: 'success',
  data: { resultType: 'vector', result: [{ metric: {}, value: [1, '5'] }] },
}

test('a window that begins before what the system keeps is not asked for', async () => {
  await using server = await startServer(() => ({ body: ANSWER }))
  const { window } = REQUEST
  const fetchAt = (nowMs: number) =>
    createPrometheusProvider(
      { name: 'mimir', settings: { url: server.url, retention: '15d' } },
      { http: createGuardedHttp(), nowMs: () => nowMs },
    ).fetchValue({ ...REQUEST, query: { query: 'up' } })
  const kept = await fetchAt(window.startMs + 15 * DAY_MS)
  assert.deepEqual([kept.success, kept.value, server.seen.length], [true, 5, 1])
  const gone = await fetchAt(window.startMs + 15 * DAY_MS + 1)
  assert.deepEqual([gone.success, gone.detail.problem, server.seen.length], [false, 'no-data', 1])
  assert.match(
    gone.message ?? '',
    /^the window begins at \d{4}-[\d-]+T[\d:.]+Z, and mimir keeps 15d: what it measured then is gone$/,
  )
})
