import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkPromql } from '@tiphys/providers/prometheus/promql-check.ts'
import { INVALID_PROMQL, VALID_PROMQL } from '@tiphys/providers/prometheus/promql-examples.ts'
import { freePort } from '../end-to-end/harness.ts'
import { isPrometheusInstalled, startPrometheus } from './prometheus.ts'

const isSkipped =
  isPrometheusInstalled() || process.env['TIPHYS_TEST_PEERS'] === 'all'
    ? false
    : 'prometheus is not installed'

it('our check of a query says what a real Prometheus says', { skip: isSkipped }, async () => {
  await using prometheus = await startPrometheus(await freePort(), [])
  const queries = [...VALID_PROMQL, ...INVALID_PROMQL.map(([query]) => query)]
  for (const query of queries) {
    // A form, as the query travels: an empty one would not be asked at all.
    const body = new URLSearchParams({ query })
    const answer = await fetch(`${prometheus.url}/api/v1/format_query`, { method: 'POST', body })
    const { status, error } = (await answer.json()) as { status: string; error?: string }
    const ours = checkPromql(query)
    assert.equal(
      status,
      ours === undefined ? 'success' : 'error',
      `${JSON.stringify(query)}: Prometheus says ${error ?? status}, we say ${ours?.message ?? 'nothing'}`,
    )
  }
})
