import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { evaluate } from '../evaluation/evaluation.ts'
import { normaliseSlo } from '../slo/slo.ts'
import { explain } from './explain.ts'
import { renderJunit } from './render-junit.ts'

function report(names: readonly [string, string, string, string], value: number): string {
  const [good, bad, missing, shown] = names
  const pass = [{ criteria: ['<10'] }]
  const slo = normaliseSlo({
    objectives: [{ sli: good, pass }, { sli: bad, pass }, { sli: missing, pass }, { sli: shown }],
  })
  const measured = (metric: string, one: number) => ({
    metric,
    value: one,
    success: true,
    message: '',
  })
  const values = [measured(good, 1), measured(bad, value), measured(shown, 3)]
  const outcome = evaluate({ slo, values, previous: [] })
  const subject = { project: 'shop', stage: 'dev', service: names[0], version: null }
  return renderJunit(explain({ slo, outcome, subject, window: undefined, details: {}, notes: [] }))
}

test('a test for each objective and one for the verdict', () => {
  const xml = report(['a', 'b', 'c', 'd'], 20)
  assert.match(xml, /<testsuite name="shop\/dev\/a" tests="5" failures="2" errors="1" skipped="1">/)
  assert.match(xml, /name="verdict"><failure message="a failed in dev because/)
  assert.match(xml, /name="a"><system-out>pass: 1 &lt; 10<\/system-out>/)
  assert.match(xml, /name="b"><failure message="20 [^"]*10"\/>/)
  assert.match(xml, /name="c"><error message="no value/)
  assert.match(xml, /name="d"><skipped message="reported only/)
})

test('whatever names hold, the XML is the same', () => {
  const skeleton = (xml: string) => xml.replaceAll(/"[^"]*"/g, '""').replaceAll(/>[^<]*</g, '><')
  const expected = skeleton(report(['a', 'b', 'c', 'd'], 20))
  const names = fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1 }), {
    minLength: 4,
    maxLength: 4,
  })
  fc.assert(
    fc.property(names, (given) => {
      const xml = report(given as [string, string, string, string], 20)
      assert.equal(skeleton(xml), expected)
      assert.doesNotMatch(xml.replaceAll('\n', ''), /[\p{Cc}\p{Cs}￾￿]/u)
      assert.doesNotMatch(xml, /&(?!amp;|lt;|gt;|quot;|apos;)/)
    }),
  )
})
