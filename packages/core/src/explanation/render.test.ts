import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate } from '../evaluation/evaluation.ts'
import { measured, unmeasured } from '../evaluation/sli-value.ts'
import { normaliseSlo } from '../slo/slo.ts'
import { explain } from './explain.ts'
import { formatLimit, formatNumber, formatPair } from './number-format.ts'
import { renderHtml } from './render-html.ts'
import { renderMarkdown } from './render-markdown.ts'
import { renderText } from './render-text.ts'

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
  const html = renderHtml(hostileReport())
  assert.ok(!html.includes('<img'))
  assert.ok(html.includes('&lt;img src=x onerror=alert(1)&gt;'))
  assert.ok(!/<script|src="|href="/.test(html))
  assert.match(html, /<td class="fail">fail<\/td>/)
})

test('markdown keeps its table, and text makes no link, mention or HTML', () => {
  const markdown = renderMarkdown(hostileReport())
  const rows = markdown.split('\n').filter((line) => line.startsWith('|'))
  assert.equal(rows.length, 4)
  for (const row of rows) assert.equal(row.match(/(?<!\\)\|/g)?.length, 6, row)
  assert.ok(!markdown.includes('<img'))
  assert.ok(!markdown.includes('@team'))
  assert.ok(!/(?<!\\)\[a(?<!\\)\]\(/.test(markdown))
  assert.ok(!markdown.includes('http://evil'))
})

test('terminal text has no escape sequences and one line per row', () => {
  const text = renderText(hostileReport())
  assert.ok(!text.includes('\u001b'))
  assert.equal(text.split('\n').filter((line) => line.startsWith('fail  ')).length, 1)
  assert.match(text, /\nno value {2}no {2,}/)
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
