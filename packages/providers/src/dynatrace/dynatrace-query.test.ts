import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDynatraceQuery } from './dynatrace-query.ts'

const KEYS = ['metricSelector', 'entitySelector', 'resolution', 'mzSelector'] as const

/** What a selector may hold: no `&`, which ends it. */
const selector = fc
  .array(fc.constantFrom(...'builtin:x.y()",=~;? 95'), { minLength: 1, maxLength: 30 })
  .map((all) => all.join('').trim())
  .filter((text) => text !== '')

test('what a file says comes out again, in any order of its parts', () => {
  const others = fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS.slice(1)), selector), {
    selector: ([key]) => key,
  })
  fc.assert(
    fc.property(selector, others, fc.boolean(), (metricSelector, rest, isFirst) => {
      const own = ['metricSelector', metricSelector] as const
      const pairs = isFirst ? [own, ...rest] : [...rest, own]
      const text = pairs.map(([key, value]) => `${key}=${value}`).join('&')
      const expected = { kind: 'metrics', parameters: Object.fromEntries(pairs) }
      assert.deepEqual(parseDynatraceQuery(text), { ok: true, query: expected })
      const converted = parseDynatraceQuery(`MV2;MicroSecond;${text}`)
      const conversion = { unit: 'ms', divisor: 1000 }
      assert.deepEqual(converted, { ok: true, query: { ...expected, conversion } })
    }),
  )
})

test('no text is too odd to be answered with a query or a sentence', () => {
  const piece = fc.constantFrom(...KEYS, 'scope', 'SLO;', 'MV2;', 'PV2;', 'Byte;', ...'=&?;: \nx')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const parsed = parseDynatraceQuery(pieces.join(''))
      if (!parsed.ok) assert.match(parsed.message, /\S/)
      else if (parsed.query.kind === 'slo') assert.notEqual(parsed.query.id, '')
      else if (parsed.query.kind === 'metrics') {
        assert.notEqual(parsed.query.parameters['metricSelector'] ?? '', '')
      }
    }),
  )
})
