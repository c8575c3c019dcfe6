import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { FieldAddress } from '@tiphys/contract/desired-field.ts'
import fc from 'fast-check'
import { parseAllDocuments } from 'yaml'
import { getField, setField } from '../../src/desired-state/field.ts'

/** A generated file as lines, with the path and line of every scalar that can be addressed. */
type Generated = { readonly lines: readonly string[]; readonly targets: readonly Target[] }
type Target = { readonly path: string; readonly line: number }

type Tree =
  | { readonly kind: 'scalar'; readonly source: string; readonly comment: string }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Tree, string])[] }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  | { readonly kind: 'flow'; readonly entries: readonly (readonly [string, string])[] }

const KEYS = ['image', 'tag', 'name', 'replicas', 'env', 'resources', 'a-b', 'x_1', 'on'] as const
const SOURCES = [
  'v1',
  '1.10',
  '3',
  'true',
  '~',
  '"quoted \\" text"',
  "'it''s'",
  'ghcr.io/acme/carts:1.4',
  'some words here',
  '""',
  '2024-01-01',
  'ünï',
] as const

const key = fc.constantFrom(...KEYS)
const scalar = fc.record({
  kind: fc.constant('scalar' as const),
  source: fc.constantFrom(...SOURCES),
  comment: fc.constantFrom('', ' # why', '   # a: b'),
})
const flow = fc.record({
  kind: fc.constant('flow' as const),
  entries: fc.uniqueArray(fc.tuple(key, fc.constantFrom('v1', '3', '"q"', "'s'")), {
    minLength: 1,
    maxLength: 3,
    selector: ([name]) => name,
  }),
})
const { tree } = fc.letrec<{ tree: Tree; map: Tree; list: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    flow,
    tie('map'),
    tie('list'),
  ),
  map: fc.record({
    kind: fc.constant('map' as const),
    entries: fc.uniqueArray(fc.tuple(key, tie('tree'), fc.constantFrom('', '# above', '#', '\n')), {
      minLength: 1,
      maxLength: 4,
      selector: ([name]) => name,
    }),
  }),
  list: fc.record({
    kind: fc.constant('list' as const),
    items: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
  }),
}))

const rootMap = fc.uniqueArray(fc.tuple(key, tree, fc.constantFrom('', '# above', '#', '\n')), {
  minLength: 1,
  maxLength: 5,
  selector: ([name]) => name,
})

function render(entries: Extract<Tree, { kind: 'map' }>['entries']): Generated {
  const lines: string[] = []
  const targets: Target[] = []
  renderMap(entries, '', '', lines, targets)
  return { lines, targets }
}

function renderMap(
  entries: Extract<Tree, { kind: 'map' }>['entries'],
  indent: string,
  path: string,
  lines: string[],
  targets: Target[],
  firstPrefix = indent,
): void {
  for (const [index, [name, value, above]] of entries.entries()) {
    // What stands above the first key of a list entry would stand before the dash.
    if (index > 0 && above !== '') lines.push(above === '\n' ? '' : `${indent}${above}`)
    renderValue(
      `${index === 0 ? firstPrefix : indent}${name}:`,
      value,
      indent,
      `${path}${path === '' ? '' : '.'}${name}`,
      lines,
      targets,
    )
  }
}

function renderValue(
  head: string,
  value: Tree,
  indent: string,
  path: string,
  lines: string[],
  targets: Target[],
): void {
  switch (value.kind) {
    case 'scalar':
      targets.push({ path, line: lines.length })
      lines.push(`${head} ${value.source}${value.comment}`)
      return
    case 'flow':
      for (const [name] of value.entries)
        targets.push({ path: `${path}.${name}`, line: lines.length })
      lines.push(`${head} {${value.entries.map(([name, text]) => `${name}: ${text}`).join(', ')}}`)
      return
    case 'map':
      lines.push(head)
      renderMap(value.entries, `${indent}  `, path, lines, targets)
      return
    case 'list':
      lines.push(head)
      for (const [index, item] of value.items.entries()) {
        renderItem(item, `${indent}  `, `${path}[${index}]`, lines, targets)
      }
  }
}

function renderItem(
  item: Tree,
  indent: string,
  path: string,
  lines: string[],
  targets: Target[],
): void {
  if (item.kind === 'map') {
    renderMap(item.entries, `${indent}  `, path, lines, targets, `${indent}- `)
  } else {
    renderValue(`${indent}-`, item, `${indent}  `, path, lines, targets)
  }
}

const newValue = fc.oneof(
  fc.constantFrom(
    'v2',
    '1.20',
    '7',
    'false',
    '',
    'null',
    'a: b',
    '# no',
    "it's",
    '"',
    '[x',
    'on',
    '12e5',
    '{{x}}',
    '@a',
    '*b',
    '&c',
    '!d',
    '- e',
    '%f',
    'ghcr.io/a/b:1',
  ),
  fc
    .string({ unit: 'grapheme', maxLength: 30 })
    .filter((text) => /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}\ufeff]*$/u.test(text)),
)

const layout = fc.record({
  newline: fc.constantFrom('\n', '\r\n'),
  last: fc.boolean(),
  before: fc.constantFrom('', '# top', '---'),
})

function join(
  lines: readonly string[],
  how: { newline: string; last: boolean; before: string },
): string {
  const all = how.before === '' ? lines : [how.before, ...lines]
  return all.join(how.newline) + (how.last ? how.newline : '')
}

function plain(text: string): unknown {
  return parseAllDocuments(text).map((document) => document.toJS())
}

test('a change touches the line of the field alone, and reads back', () => {
  fc.assert(
    fc.property(rootMap, layout, newValue, fc.nat(), (entries, how, value, pick) => {
      const { lines, targets } = render(entries)
      const target = targets[pick % targets.length]
      if (target === undefined) return
      const text = join(lines, how)
      const address: FieldAddress = { kind: 'yaml-path', path: target.path }
      const before = getField(text, address)
      assert.equal(before.code, 'value', JSON.stringify(before))
      const changed = setField(text, address, value)
      assert.ok(changed.code === 'text', JSON.stringify(changed))
      assert.deepEqual(getField(changed.text, address), { code: 'value', value })

      const offset = how.before === '' ? 0 : 1
      const old = text.split('\n')
      const now = changed.text.split('\n')
      assert.equal(now.length, old.length)
      for (const [index, line] of old.entries()) {
        if (index !== target.line + offset) assert.equal(now[index], line)
      }
      // Every other value is what it was: putting the old value back gives the old data.
      if (before.code === 'value' && before.value !== null) {
        const back = setField(changed.text, address, before.value)
        assert.ok(back.code === 'text')
        assert.deepEqual(withoutTypes(plain(back.text)), withoutTypes(plain(text)))
      }
    }),
    { numRuns: 400 },
  )
})

/** A number that was replaced by a word comes back in quotes: `3` and `"3"` count as the same here. */
function withoutTypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTypes)
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, withoutTypes(inner)]),
    )
  }
  // 1.10 is the number 1.1 without its quotes; both forms name one text in the file.
  if (typeof value !== 'string' || value === '') return value === null ? null : String(value)
  return Number.isNaN(Number(value)) ? value : String(Number(value))
}

test('a Helm value that is added and taken back leaves no trace', () => {
  fc.assert(
    fc.property(rootMap, layout, newValue, (entries, how, value) => {
      const { lines } = render(entries)
      const text = join(lines, how)
      const address: FieldAddress = { kind: 'helm-value', path: 'added-key' }
      const added = setField(text, address, value)
      assert.ok(added.code === 'text', JSON.stringify(added))
      assert.deepEqual(getField(added.text, address), { code: 'value', value })
      assert.deepEqual(setField(added.text, address, null), { code: 'text', text })
    }),
    { numRuns: 200 },
  )
})

const imageName = fc.constantFrom('carts', 'ghcr.io/acme/carts', 'localhost:5000/orders')
const reference = fc
  .tuple(imageName, fc.constantFrom('1', '1.10', 'v2', 'latest', '12e4'), fc.boolean())
  .map(([name, tag, digest]) => (digest ? `${name}@sha256:${'0f'.repeat(32)}` : `${name}:${tag}`))

test('a Kustomize image reads back as it was set, and the first value comes back', () => {
  fc.assert(
    fc.property(
      rootMap,
      layout,
      fc.array(reference, { minLength: 1, maxLength: 3 }),
      (entries, how, references) => {
        const text = join(render(entries).lines, how)
        const address: FieldAddress = { kind: 'kustomize-image', image: 'carts', part: 'reference' }
        let current = text
        for (const value of references) {
          const changed = setField(current, address, value)
          assert.ok(changed.code === 'text', JSON.stringify(changed))
          current = changed.text
          assert.deepEqual(getField(current, address), { code: 'value', value })
        }
        assert.deepEqual(setField(current, address, null), { code: 'text', text })
      },
    ),
    { numRuns: 200 },
  )
})

test('whatever a file holds, it is a value, a new text or a sentence', () => {
  const piece = fc.constantFrom(
    'a: ',
    'images:',
    '- ',
    '\n',
    '  ',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    ', ',
    '# c',
    '&x ',
    '*x',
    '!t ',
    '|',
    '>',
    '---',
    '? ',
    'name: carts',
    'newTag: 1',
    '\t',
    '\r\n',
    '<<: ',
    '%YAML 1.1\n',
    '\ufeff',
  )
  const addresses: readonly FieldAddress[] = [
    { kind: 'helm-value', path: 'a' },
    { kind: 'yaml-path', path: 'a[0].name', document: { index: 0 } },
    { kind: 'kustomize-image', image: 'carts', part: 'reference' },
    { kind: 'kustomize-image', image: 'carts', part: 'tag' },
  ]
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 14 }),
      fc.constantFrom(...addresses),
      (pieces, address) => {
        const value =
          address.kind === 'kustomize-image' && address.part === 'reference' ? 'carts:2' : 'v2'
        const changed = setField(pieces.join(''), address, value)
        if (changed.code === 'invalid') return
        assert.deepEqual(getField(changed.text, address), { code: 'value', value })
      },
    ),
    { numRuns: 1_000 },
  )
})
