import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatProblem } from './problem.ts'
import { SliFile } from './sli.ts'
import { SloFile } from './slo.ts'
import { parseYaml } from './yaml-file.ts'

function read(text: string) {
  return parseYaml(SloFile, text, 'slo.yaml', { unknownKeys: 'warn' })
}

test('what Keptn took, we take: scalars as text, old truth values, null entries, unknown keys', () => {
  const result = read(`
spec_version: 1.0
filter:
comparison:
objectives:
  - null
  - sli: rt
    key_sli: yes
    weigth: 2
    pass:
      - criteria:
          - <=200
          - "=0%"
    warning:
total_score:
  pass: 90
`)
  assert.ok(result.ok)
  assert.deepEqual(result.value.objectives?.[1], {
    sli: 'rt',
    key_sli: true,
    pass: [{ criteria: ['<=200', '=0%'] }],
    warning: null,
  })
  assert.equal(result.value.objectives?.[0], null)
  assert.equal(result.value.total_score?.pass, '90')
  assert.deepEqual(result.warnings.map(formatProblem), [
    'slo.yaml:9:5: warning: unknown key weigth in objectives.1; did you mean weight?',
  ])
})

test('what is no slo.yaml is refused with its place', () => {
  for (const [text, expected] of [
    ['invalid', /^slo\.yaml:1:1: expected map, received string$/],
    ['objectives:\n  - sli: a\n    weight: 1.5\n', /^slo\.yaml:3:5: objectives\.0\.weight: /],
    ['objectives:\n  - sli: a\n    weight: -1\n', /^slo\.yaml:3:5: objectives\.0\.weight: /],
    ['objectives:\n  - pass: "<5"\n', /^slo\.yaml:2:5: objectives\.0\.pass: expected list/],
    ['objectives:\n  - key_sli: maybe\n', /^slo\.yaml:2:5: objectives\.0\.key_sli: /],
  ] as const) {
    const result = read(text)
    assert.equal(result.ok, false)
    assert.match(
      formatProblem(result.ok ? assert.fail() : (result.problems[0] ?? assert.fail())),
      expected,
    )
  }
})

test('an sli.yaml maps names to queries', () => {
  const text = 'spec_version: "1.0"\nindicators:\n  rt: histogram_quantile(0.9, x)\n  answer: 42\n'
  const result = parseYaml(SliFile, text, 'prometheus/sli.yaml', { unknownKeys: 'warn' })
  assert.ok(result.ok)
  assert.deepEqual(result.value.indicators, {
    rt: { query: 'histogram_quantile(0.9, x)' },
    answer: { query: '42' },
  })
})
