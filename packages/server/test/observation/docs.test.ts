import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { METRICS, type MetricDefinition } from '../../src/ports/metric-catalogue.ts'

const DOCS = new URL('../../../../docs/observing.md', import.meta.url)
/** `| name | labels | what it says | …`. */
const ROW = /^\| `((?:tiphys|nodejs|process)_[a-z0-9_]+)` \|([^|]*)\|/gm

describe('docs/observing.md', () => {
  it('names every metric with its labels, and no other', () => {
    const rows = [...readFileSync(DOCS, 'utf8').matchAll(ROW)].map(
      ([, name = '', labels = '']) => [name, labels.trim()] as const,
    )
    const expected = Object.entries<MetricDefinition>(METRICS).map(
      ([name, { labels }]) => [name, labels.join(', ')] as const,
    )
    assert.deepEqual(Object.fromEntries(rows), Object.fromEntries(expected))
    assert.equal(rows.length, expected.length)
  })
})
