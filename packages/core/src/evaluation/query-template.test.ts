import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  DOUBLE_QUOTED,
  ESQL,
  FLUX,
  GRAPHITE,
  INFLUXQL,
  JSON_BODY,
  literalAt,
  NRQL,
  openQuote,
  PLAIN,
  PROMQL,
  type QueryLanguage,
  SQL,
  SQL_LIKE,
  SQL_OF_ANY_KIND,
  withoutLiterals,
} from './query-language.ts'
import { expandQuery } from './sli-query.ts'

const WINDOW = { startMs: Date.UTC(2026, 0, 2, 3, 4, 5), endMs: Date.UTC(2026, 0, 2, 3, 9, 5) }
const SCOPE = {
  project: 'shop',
  stage: 'dev',
  service: 'carts',
  deployment: 'primary',
  labels: { build: '7', hostile: `a'b"c\\d` },
  filters: { region: 'eu west' },
}

function filled(query: string, language: QueryLanguage = PROMQL): string {
  const expanded = expandQuery(query, SCOPE, WINDOW, language)
  return expanded.ok ? expanded.query : `! ${expanded.message}`
}

test('names between braces are filled beside those of Keptn', () => {
  assert.equal(
    filled('{{ project }}/{{stage}}/{{ service }}/$SERVICE/{{ labels.build }}[{{ duration }}]'),
    'shop/dev/carts/carts/7[300s]',
  )
  assert.equal(
    filled('{{ start_s }} {{ end_ms }} {{ duration_s }}'),
    '1767323045 1767323345000 300',
  )
  assert.equal(filled('"{{ start }}"'), '"2026-01-02T03:04:05.000Z"')
  assert.equal(filled('up{r="{{ filters.region }}"}'), 'up{r="eu west"}')
  assert.equal(filled('{"a":{"b":{}}}', JSON_BODY), '{"a":{"b":{}}}')
})

test('what cannot be filled is not asked', () => {
  assert.match(filled('{{ nothing }}'), /^! \{\{ nothing \}\} is not known: there are project,/)
  assert.match(filled('{{ labels.none }}'), /cannot be filled: there is no label none$/)
  assert.match(filled('{{ filters.none }}'), /there is no filter none in slo/)
  assert.match(filled('{{ labels.hostile }}'), /which would change the query; it is not asked$/)
  assert.match(filled('{{ filters.region }}'), /would change the query/)
  assert.match(filled('{{ labels.constructor }}'), /there is no label constructor/)
})

test('in a text literal a value is written as the language wants it', () => {
  assert.equal(filled('"{{ labels.hostile }}"'), String.raw`"a'b\"c\\d"`)
  assert.equal(filled("'{{ labels.hostile }}'", SQL), String.raw`'a''b"c\d'`)
  assert.equal(filled("'{{ labels.hostile }}'", SQL_LIKE), String.raw`'a\'b"c\\d'`)
  assert.match(filled('`{{ labels.hostile }}`'), /^`a'b"c\\d`$/)
  assert.match(filled('"{{ labels.hostile }}"', PLAIN), /would change/)
})

test('no expression comes into a text of Flux, and none of its own is filled', () => {
  const label = (value: string, query: string) => {
    const scope = { ...SCOPE, labels: { x: value } }
    const expanded = expandQuery(query, scope, WINDOW, FLUX)
    return expanded.ok ? expanded.query : undefined
  }
  assert.equal(label('a"b\\c {$}', 'host == "{{ labels.x }}"'), 'host == "a\\"b\\\\c {$}"')
  for (const value of [`\${x}`, `a\${`, 'ends in $']) {
    assert.equal(label(value, 'host == "{{ labels.x }}"'), undefined, value)
    assert.equal(label(value, 'host == "$LABEL.x"'), undefined, value)
  }
  assert.equal(label('{x}', `host == "\${{ labels.x }}"`), undefined)
  assert.equal(label('a b', `"\${r.a}" + "{{ labels.x }}"`), undefined)
  assert.equal(label('a.b-7', `"\${r.a}" + "{{ labels.x }}"`), `"\${r.a}" + "a.b-7"`)
})

test('quotes in patterns and comments open nothing', () => {
  const inPattern = 'where a =~ /"/ and b = {{ labels.hostile }}'
  assert.match(filled(inPattern, INFLUXQL), /would change/)
  assert.match(filled('where a =~ /{{ labels.hostile }}/', INFLUXQL), /would change/)
  assert.equal(filled('a =~ /^{{ service }}$/', INFLUXQL), 'a =~ /^carts$/')
  assert.match(filled("/* don't */ {{ labels.hostile }}", SQL_OF_ANY_KIND), /would change/)
  assert.equal(filled("/* don't */ '{{ labels.build }}'", SQL_OF_ANY_KIND), "/* don't */ '7'")
  for (const comment of ["// don't\n", "-- don't\n", "/* don't */"]) {
    assert.match(filled(`${comment} {{ labels.hostile }}`, NRQL), /would change/)
    assert.equal(filled(`${comment}'{{ labels.hostile }}'`, NRQL), `${comment}'a\\'b"c\\\\d'`)
  }
  assert.equal(filled("'https://x' {{ labels.build }}", NRQL), "'https://x' 7")
  assert.equal(filled('1 / 2 + "{{ filters.region }}"', FLUX), '1 / 2 + "eu west"')
  assert.match(filled('f(re: /"/, v: {{ labels.hostile }})', FLUX), /would change/)
  assert.match(filled('select /"/ from {{ labels.hostile }}', INFLUXQL), /would change/)
})

test('the words of a query are what is left without literals, patterns and comments', () => {
  const text = String.raw`a =~ /'\/; x/ and b = 'it\'s; y' /* ; z */ ; c -- d`
  const words = withoutLiterals(text, INFLUXQL).split(/\s+/)
  assert.deepEqual(words, ['a', '=~', 'and', 'b', '=', ';', 'c', ''])
  assert.equal(withoutLiterals("'it''s' ; x", SQL), '   ; x')
  assert.equal(withoutLiterals("a 'never closed", SQL), 'a  ')
})

test('where servers disagree on escapes, nothing that needs one is asked', () => {
  for (const language of [GRAPHITE, SQL_OF_ANY_KIND]) {
    assert.match(filled("f('{{ labels.hostile }}')", language), /would change/)
    assert.equal(filled("f('{{ filters.region }}')", language), "f('eu west')")
  }
})

test('a backslash of the query itself takes nothing of a value', () => {
  assert.match(filled('"\\{{ labels.hostile }}"'), /would change/)
  assert.equal(filled('"\\\\{{ filters.region }}"'), '"\\\\eu west"')
})

test('a value and what follows it make no comment together', () => {
  assert.match(
    filledWith('7-', 'SELECT {{ labels.x }}-1 FROM t', SQL),
    /^! \{\{ labels\.x \}\} holds "7-", which would change the query/,
  )
  assert.match(filledWith('', 'SELECT 1 -{{ labels.x }}-1', SQL), /would change the query/)
  assert.equal(filledWith('7', 'SELECT {{ labels.x }}-1 FROM t', SQL), 'SELECT 7-1 FROM t')
  assert.equal(filledWith('7-', 'rate(x[{{ labels.x }}])', PROMQL), 'rate(x[7-])')
})

function filledWith(x: string, query: string, language: QueryLanguage): string {
  const expanded = expandQuery(query, { ...SCOPE, labels: { x } }, WINDOW, language)
  return expanded.ok ? expanded.query : `! ${expanded.message}`
}

test('no value ends the literal it stands in, or begins a comment', () => {
  const languages = fc.constantFrom(
    ...[PROMQL, SQL, SQL_LIKE, JSON_BODY, DOUBLE_QUOTED, PLAIN],
    ...[INFLUXQL, FLUX, GRAPHITE, ESQL, SQL_OF_ANY_KIND, NRQL],
  )
  const character = fc.constantFrom(...`'"\`\\-#/*a1 ;\n{}$(`)
  const value = fc.array(character, { maxLength: 8 }).map((all) => all.join(''))
  fc.assert(
    fc.property(
      languages,
      value,
      fc.constantFrom('', "'", '"', '`', 'x -', '=~ /', '"$', '"\\'),
      (language, text, before) => {
        const literal = literalAt(before, text, language)
        if (literal === undefined) return
        const quote = openQuote(before, language)
        // Whatever came in, the same literal is open afterwards, and what follows is read as it was.
        assert.equal(openQuote(before + literal, language), quote)
        if (quote === '') assert.doesNotMatch(literal, /[^\w.:-]/)
        if (language === FLUX) assert.ok(!`${before}${literal}{`.replace(/\{$/, '').includes('${'))
        if (quote !== '') assert.equal(openQuote(`${before}${literal}${quote}`, language), '')
        if (quote === '' && language.lineComment !== undefined) {
          assert.ok(!`${before}${literal}`.includes(language.lineComment))
        }
      },
    ),
    { numRuns: 2000 },
  )
})
