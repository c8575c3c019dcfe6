import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withWindow } from './newrelic-window.ts'

const WINDOW = { startMs: 1_767_323_045_000, endMs: 1_767_323_345_000 }
const RANGE = 'SINCE 1767323045000 UNTIL 1767323345000'

const words = fc
  .array(fc.constantFrom(' SINCE ', ' until ', ...`ab'"\`\\-/*()\n`), { maxLength: 12 })
  .map((all) => all.join(''))

test('what stands in text, in brackets or in a comment is no range of time', () => {
  const hidden = fc.oneof(
    words.map((text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
    words.map((text) => `\`${text.replaceAll('`', '')}\``),
    words.map((text) => `/*${text.replaceAll('*', '')} */`),
    words.map((text) => `-- ${text.replaceAll('\n', '')}\n`),
    fc.constantFrom('(SELECT x SINCE 1 day ago)', '(a, (b until c), d)'),
  )
  fc.assert(
    fc.property(fc.array(hidden, { maxLength: 4 }), (parts) => {
      const query = `SELECT count(*) FROM T WHERE a = ${parts.join(' OR b = ')} LIMIT 1`
      const { text, remarks } = withWindow(query, WINDOW)
      assert.ok(text.endsWith(RANGE), text)
      assert.deepEqual(remarks, [])
      // With a range of its own the very same is left alone.
      const own = withWindow(`${query}\nSINCE 1 hour ago`, WINDOW)
      assert.equal(own.text, `${query}\nSINCE 1 hour ago`.trim())
      assert.equal(own.remarks.length, 1)
    }),
  )
})
