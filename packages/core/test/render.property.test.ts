import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Explanation } from '@tiphys/core/explanation/explanation.ts'
import { renderHtml } from '@tiphys/core/explanation/render-html.ts'
import { MAX_MARKDOWN_LENGTH, renderMarkdown } from '@tiphys/core/explanation/render-markdown.ts'
import { renderText } from '@tiphys/core/explanation/render-text.ts'
import { widthOf } from '@tiphys/core/explanation/text-layout.ts'
import fc from 'fast-check'
import { failedReport, LINKS } from './failed-report.ts'

/** Whatever text comes with a report, it stays in its place: every text field of one is replaced by something hostile. */

const PIECES = [
  '<script>alert(1)</script>',
  '</style><style>*{display:none}</style>',
  '" onload="alert(1)',
  "' x='",
  '<!--',
  '-->',
  ']]>',
  '&lt;b&gt;',
  '</pre></details>',
  '|',
  '\\|',
  '`',
  '```\n',
  '[x](http://evil.example)',
  '![x](//evil.example/x.png)',
  'https://evil.example/',
  'www.evil.example',
  'javascript:alert(1)',
  '@team',
  'a@b.example',
  '#12',
  'owner/repo#3',
  '!4',
  'GH-5',
  ':tada:',
  '$x$',
  '**b**',
  '__i__',
  '~~s~~',
  '\n# head\n',
  '\n- item\n',
  '\n\n    code',
  '1. one',
  '---',
  '\u001b[31m',
  '\u0000',
  '\u0085',
  '\u2028',
  '\u202e',
  '\ud800',
  '見',
  'e\u0301',
  ' ',
]
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 6 })), {
    maxLength: 8,
  })
  .map((pieces) => pieces.join(''))

/** Words of the data structure itself, which nobody outside chooses. */
const OWN_WORDS = new Set(['verdict', 'status', 'kind', 'problem', 'judge'])

/** The failed report with every text of others replaced. */
function withTexts(texts: readonly string[]): Explanation {
  let next = 0
  const replaced = JSON.parse(JSON.stringify(failedReport()), (key, value: unknown) =>
    typeof value === 'string' && !OWN_WORDS.has(key) ? (texts[next++ % texts.length] ?? '') : value,
  )
  // Only texts changed: the shape is still that of a report.
  return replaced as Explanation
}

const reports = fc.array(hostile, { minLength: 1, maxLength: 12 }).map(withTexts)

const VOID_TAGS = new Set(['meta', 'rect', 'line', 'path', 'circle', 'polyline'])
const TAGS = new Set(
  'html head meta title style body main header section div span p h1 h2 h3 dl dt dd ol ul li a code pre details summary figure figcaption table thead tbody tr th td footer svg rect line path circle polyline'.split(
    ' ',
  ),
)
const ATTRIBUTES =
  /^( (lang|charset|http-equiv|content|name|class|href|rel|scope|data-head|viewBox|preserveAspectRatio|aria-hidden|aria-label|role|x|y|x1|x2|y1|y2|cx|cy|r|rx|d|width|height|points|stroke-dasharray)="[^"<>]*")*\/?$/

test('html: no text becomes markup, no tag is left open, nothing is loaded or run', () => {
  fc.assert(
    fc.property(reports, (report) => {
      const page = renderHtml(report, { links: LINKS })
      const open: string[] = []
      // Past the style, every < begins a tag of ours.
      const body = page.replace(/<style>[\s\S]*?<\/style>/, '').replace('<!doctype html>', '')
      for (const [, end, name = '', rest = ''] of body.matchAll(/<(\/?)([^\s/>]*)([^>]*)>/g)) {
        assert.ok(TAGS.has(name), `<${end}${name}`)
        if (end === '/') assert.equal(open.pop(), name)
        else {
          assert.match(rest, ATTRIBUTES)
          if (!VOID_TAGS.has(name)) open.push(name)
        }
      }
      assert.deepEqual(open, [])
      assert.equal(body.split('<').length, body.split('>').length)
      for (const [, address = ''] of body.matchAll(/href="([^"]*)"/g)) {
        assert.match(address, /^https?:\/\/[^\s<>"']+$/)
      }
      assert.ok(!/[\p{Cc}\p{Cs}\u202e\u2028]/u.test(body.replaceAll(/[\n\t]/g, '')))
    }),
    { numRuns: 150 },
  )
})

test('markdown: no text makes markup, links, mentions or references, and every table keeps its columns', () => {
  fc.assert(
    fc.property(reports, (report) => {
      const markdown = renderMarkdown(report, { links: LINKS })
      assert.ok(markdown.length <= MAX_MARKDOWN_LENGTH)
      for (const [tag] of markdown.matchAll(/<[^>]*>?/g)) {
        assert.match(tag, /^<\/?(details|summary|pre)>$/)
      }
      const text = markdown.replaceAll(/<pre>[\s\S]*?<\/pre>/g, '')
      for (const row of text.split('\n').filter((line) => line.startsWith('| '))) {
        assert.equal(row.match(/(?<!\\)(?:\\\\)*\|/g)?.length, 7, row)
      }
      for (const [, address = ''] of text.matchAll(/(?<!\\)\]\(([^)]*)\)/g)) {
        assert.match(address, /^https:\/\/tiphys\.example\.com\/|^https?:\/\/evil\.example\/[^ ]*$/)
      }
      const prose = text.replaceAll(/\]\([^)]*\)/g, ']')
      assert.ok(!/@[\w-]/.test(markdown.replaceAll(/\]\([^)]*\)/g, ']')), 'a mention')
      assert.ok(!/:\/\//.test(prose), 'an address')
      assert.ok(!/\bwww\./i.test(prose), 'an address')
      assert.ok(!/#\d/.test(prose), 'a reference')
      assert.ok(!/(?<!\\)`/.test(prose), 'code')
      assert.ok(!/^\s*(#|```|~~~|===|---\s*$)/m.test(text))
    }),
    { numRuns: 150 },
  )
})

test('terminal: no control characters, no line wider than the terminal, except links', () => {
  fc.assert(
    fc.property(reports, fc.integer({ min: 40, max: 160 }), (report, columns) => {
      const text = renderText(report, { columns })
      assert.ok(!/[^\P{Cc}\n]|[\u2028\u202e]/u.test(text))
      for (const line of text.split('\n')) {
        assert.ok(widthOf(line) <= columns || /^ *https?:\/\/\S+$/.test(line), line)
      }
    }),
    { numRuns: 150 },
  )
})

test('markdown stays postable with a thousand objectives that all say too much', () => {
  const report = failedReport()
  const long = 'long '.repeat(2_000)
  const [one] = report.objectives
  assert.ok(one)
  const objectives = Array.from({ length: 1_000 }, (_, index) => ({
    ...one,
    name: `${index} ${long}`,
    reason: `<${long}@`,
    query: `<&${long}`,
  }))
  const huge = { ...report, objectives, sentence: long, notes: [long, long, long, long, long] }
  const markdown = renderMarkdown(huge, { links: LINKS })
  assert.ok(markdown.length <= MAX_MARKDOWN_LENGTH)
  assert.ok(markdown.length > MAX_MARKDOWN_LENGTH / 2)
  assert.match(markdown, /There is no room for more objectives here\./)
  assert.equal(markdown.match(/<details>/g)?.length, markdown.match(/<\/details>/g)?.length)
  assert.ok(markdown.includes(LINKS.self ?? 'never'))
})
