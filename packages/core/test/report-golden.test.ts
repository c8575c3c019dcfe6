import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { StoredExplanation } from '@tiphys/contract/explanation.ts'
import { completeExplanation } from '@tiphys/core/explanation/complete-explanation.ts'
import { renderHtml } from '@tiphys/core/explanation/render-html.ts'
import { renderMarkdown } from '@tiphys/core/explanation/render-markdown.ts'
import { renderText } from '@tiphys/core/explanation/render-text.ts'
import { REPORT_STYLE, REPORT_STYLE_HASH } from '@tiphys/core/explanation/report-style.ts'
import { failedReport, LINKS } from './failed-report.ts'

/** Text that people read, as they read it; UPDATE_GOLDEN=1 writes it anew, for a person to look at. */
function assertGolden(name: string, text: string): void {
  const file = new URL(`./golden/${name}`, import.meta.url)
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text)
  const golden = readFileSync(file, 'utf8')
  // Data is laid out by the formatter.
  if (name.endsWith('.json')) assert.deepEqual(JSON.parse(text), JSON.parse(golden))
  else assert.equal(text, golden)
}

const JSON_INDENT = 2

test('a failed run in all four forms', () => {
  const report = failedReport()
  assertGolden('failed-report.json', JSON.stringify(report, undefined, JSON_INDENT))
  assertGolden('failed-report.txt', renderText(report))
  assertGolden('failed-report.md', renderMarkdown(report, { links: LINKS }))
  assertGolden('failed-report.html', renderHtml(report, { links: LINKS }))
})

test('the page allows itself exactly its own style', () => {
  const hash = createHash('sha256').update(REPORT_STYLE).digest('base64')
  assert.equal(REPORT_STYLE_HASH, `sha256-${hash}`)
  const page = renderHtml(failedReport())
  assert.ok(page.includes(`<style>${REPORT_STYLE}</style>`))
  assert.ok(page.indexOf('content-security-policy') < page.indexOf('<style>'))
})

test('what is stored reads as what was made', () => {
  const report = failedReport()
  const stored = StoredExplanation.parse(JSON.parse(JSON.stringify(report)))
  assert.deepEqual(completeExplanation(stored), report)
})

test('a report that was stored by version 1 is still shown', () => {
  const file = new URL('./golden/version-1-report.json', import.meta.url)
  const stored = StoredExplanation.parse(JSON.parse(readFileSync(file, 'utf8')))
  assert.equal(stored.version, 1)
  const report = completeExplanation(stored)
  assert.deepEqual(
    report.causes.map(({ name, veto }) => [name, veto]),
    [
      ['error_rate', true],
      ['Response time p95', false],
    ],
  )
  assertGolden('version-1-report.txt', renderText(report))
  assert.ok(renderMarkdown(report).includes('error\\_rate'))
  assert.ok(renderHtml(report).includes('312 ms &gt; 300 ms'))
})
