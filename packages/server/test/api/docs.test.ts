import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ROUTE_ACCESS } from '../../src/api/route-access.ts'

const DOCS = new URL('../../../../docs/api.md', import.meta.url)
const ROW = /^\| ((?:GET|POST|PUT|DELETE) \S+) +\| ([^|]+?) *\|/gm

/** The document says `…` for the three places at which resources are. */
const PLACES = [
  '/api/resource-service/v1/project/:project',
  '/api/resource-service/v1/project/:project/stage/:stage',
  '/api/resource-service/v1/project/:project/stage/:stage/service/:service',
]

describe('docs/api.md', () => {
  it('names every route with the scope that it needs, and no other', () => {
    const rows = [...readFileSync(DOCS, 'utf8').matchAll(ROW)].flatMap(
      ([, line = '', scope = '']) =>
        line.includes('…')
          ? PLACES.map((place) => [line.replace('…', place), scope] as const)
          : [[line, scope] as const],
    )
    const expected = Object.entries(ROUTE_ACCESS).map(([line, access]) => [
      line,
      access === 'any-token' ? 'any token' : access === 'public' ? 'public' : access.join(', '),
    ])
    assert.deepEqual(Object.fromEntries(rows), Object.fromEntries(expected))
    assert.equal(rows.length, expected.length)
  })
})
