import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { evaluate } from '../evaluation/evaluation.ts'
import { measured, unmeasured } from '../evaluation/sli-value.ts'
import { normaliseSlo } from '../slo/slo.ts'
import { explain } from './explain.ts'
import { formatLimit, formatNumber, formatPair } from './number-format.ts'
import { renderHtml } from './render-html.ts'
import { renderMarkdown } from './render-markdown.ts'
import { renderText } from './render-text.ts'
import { reportLinks } from './report-links.ts'
import { widthOf, wrapped } from './text-layout.ts'
import { webLink } from './web-link.ts'

const HOSTILE = '<img src=x onerror=alert(1)> | [a](http://evil.example) @team `x` \u001b[31m\nnext'

function hostileReport() {
  const slo = normaliseSlo({
    objectives: [
      { sli: 'rt', displayName: HOSTILE, pass: [{ criteria: ['<1'] }] },
      { sli: 'no', pass: [{ criteria: ['<1'] }] },
    ],
  })
  const provider = { provider: 'prometheus' }
  const values = [measured('rt', 2, provider), unmeasured('no', 'no-data', HOSTILE, provider)]
  return explain({
    slo,
    outcome: evaluate({ slo, values, previous: [] }),
    subject: { project: null, stage: null, service: null, version: null },
    window: undefined,
    details: {},
    notes: [HOSTILE],
  })
}

test('html is escaped and needs nothing from elsewhere', () => {
  const page = renderHtml(hostileReport())
  assert.ok(!page.includes('<img'))
  assert.ok(page.includes('&lt;img src=x onerror=alert(1)&gt;'))
  assert.ok(!/<script|src="|href="/.test(page))
  assert.ok(page.includes('<span class="word">no value</span>'))
})

test('markdown keeps its table, and text makes no link, mention, reference or HTML', () => {
  const markdown = renderMarkdown(hostileReport())
  const rows = markdown.split('\n').filter((line) => line.startsWith('|'))
  assert.equal(rows.length, 4)
  for (const row of rows) assert.equal(row.match(/(?<!\\)\|/g)?.length, 7, row)
  assert.ok(!markdown.includes('<img'))
  assert.ok(!markdown.includes('@team'))
  assert.ok(!/(?<!\\)\[a(?<!\\)\]\(/.test(markdown))
  assert.ok(!markdown.includes('http://evil'))
})

test('terminal text has no escape sequences and one line per name', () => {
  const text = renderText(hostileReport())
  assert.ok(!text.includes('\u001b'))
  assert.match(
    text,
    /\n 1\. <img src=x onerror=alert\(1\)> \| \[a\]\(http:\/\/evil\.example\) @te…: fail, /,
  )
  assert.match(text, /\n 2\. no: no value, cost 50 of 100\n {4}no value: /)
})

test('terminal text keeps to its columns, and paints only where it is asked to', () => {
  for (const columns of [40, 72, 100, 200]) {
    const text = renderText(hostileReport(), { columns })
    for (const line of text.split('\n')) assert.ok(widthOf(line) <= columns, line)
  }
  const painted = renderText(hostileReport(), { paint: (tone, text) => `<${tone}:${text}>` })
  assert.match(painted, /<fail:fail · 0 of 90 needed, warning from 75>/)
  assert.match(painted, /no: <none:no value>, cost/)
})

test('where there is no verdict nothing cost anything', () => {
  const slo = normaliseSlo({ objectives: [{ sli: 'rt', pass: [{ criteria: ['<1'] }] }] })
  const values = [unmeasured('rt', 'no-data', 'nothing', { provider: 'prometheus' })]
  const report = explain({
    slo,
    outcome: evaluate({ slo, values, previous: [] }),
    subject: { project: null, stage: null, service: null, version: null },
    window: undefined,
    details: {},
    notes: [],
  })
  assert.equal(report.verdict, 'none')
  for (const render of [renderText, renderMarkdown, renderHtml]) {
    assert.ok(!/\bcost \d/i.test(render(report)))
  }
  assert.match(renderText(report), /\n 1\. rt: no value\n/)
})

test('wide characters take two columns, and a long word is cut', () => {
  assert.equal(widthOf('見る'), 4)
  assert.equal(widthOf('e\u0301'), 1)
  assert.deepEqual(wrapped('見る 見る', 5), ['見る', '見る'])
  assert.deepEqual(wrapped('abcdefgh ij', 5), ['abcde', 'fgh', 'ij'])
  assert.deepEqual(wrapped('', 5), [''])
})

test('only plain web addresses become links', () => {
  assert.equal(
    webLink('https://a.example/x?q=(1)&r="2"'),
    'https://a.example/x?q=%281%29&r=%222%22',
  )
  assert.equal(webLink('http://[::1]:9090/graph'), 'http://[::1]:9090/graph')
  assert.equal(webLink('https://a.example/ä b'), 'https://a.example/%C3%A4%20b')
  for (const refused of [
    'javascript:alert(1)',
    'data:text/html,x',
    '//a.example',
    'https://user:word@a.example/',
    'https://',
    'https:///x',
    `https://a.example/${'x'.repeat(5000)}`,
    null,
  ]) {
    assert.equal(webLink(refused), undefined, String(refused))
  }
})

test('runs and the report itself are linked where the server has an address', () => {
  const links = reportLinks('https://tiphys.example.com/', 'here/1')
  assert.equal(
    links.self,
    'https://tiphys.example.com/api/tiphys/v1/evaluations/here%2F1/report?format=html',
  )
  assert.equal(links.run({ id: 'x', triggeredId: null }), undefined)
  assert.equal(
    links.run({ id: 'x', triggeredId: 'y' }),
    'https://tiphys.example.com/api/tiphys/v1/evaluations/y/report?format=html',
  )
})

test('numbers are as long as they need to be', () => {
  assert.equal(formatNumber(312.4567), '312.5')
  assert.equal(formatNumber(0.0123456), '0.01235')
  assert.equal(formatNumber(10012), '10\u202f012')
  assert.equal(formatNumber(1234567), '1\u202f234\u202f567')
  assert.equal(formatNumber(-0), '0')
  assert.equal(formatNumber(1e-9), '1e-9')
  assert.equal(formatNumber(110.00000000000001), '110')
  assert.deepEqual(formatPair(300.0004, 300), ['300.0004', '300'])
  assert.deepEqual(formatPair(5, 5), ['5', '5'])
  assert.equal(formatLimit(272.7272, 'high'), '272.7')
  assert.equal(formatLimit(272.7772, 'high'), '272.777')
  assert.equal(formatLimit(272.7272, 'low'), '272.73')
})

test('numbers read back as what they round to, on the allowed side of a limit', () => {
  const size = fc.double({ noNaN: true, min: -1e7, max: 1e7 })
  fc.assert(
    fc.property(size, fc.integer({ min: -9, max: 0 }), (value, exponent) => {
      const drawn = value * 10 ** exponent
      const text = formatNumber(drawn)
      const read = Number(text.replaceAll('\u202f', ''))
      // Half of the last of four digits, and what a product of doubles is off.
      const isClose = Math.abs(read - drawn) <= Math.abs(drawn) * 5.000_001e-4
      assert.ok(isClose, `${drawn} became ${text}`)
      assert.match(text, /^-?\d[\d\u202f]*(\.\d*[1-9])?(e-?\d+)?$/)
      for (const side of ['low', 'high'] as const) {
        const limit = Number(formatLimit(drawn, side).replaceAll('\u202f', ''))
        assert.ok(side === 'high' ? limit <= drawn : limit >= drawn, `${drawn} ${side} ${limit}`)
      }
    }),
    { numRuns: 500 },
  )
})
