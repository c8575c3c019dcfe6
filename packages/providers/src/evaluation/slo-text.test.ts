import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { lintSliFile, lintSloFile } from './slo-text.ts'

test('an slo.yaml is linted at file, line and column', () => {
  const text = `spec_version: "1.0"
comparison:
  aggregate_function: median
objectives:
  - sli: rt
    weigth: 2
    pass:
      - criteria:
          - "<=500"
          - "500"
  - sli: errors
    pass:
      - criteria: ["<=+10%"]
`
  assert.deepEqual(lintSloFile(text, 'slo.yaml').map(formatProblem), [
    'slo.yaml:3:3: aggregate_function median is not known; it is one of avg, p50, p90, p95, p99',
    'slo.yaml:10:13: criterion "500": invalid criteria string; write an operator and a number: <=500, or <=+10% to compare with earlier results',
    'slo.yaml:6:5: warning: unknown key weigth in objectives.0; did you mean weight?',
    'slo.yaml:13:9: warning: errors passes with any value while there is no earlier evaluation: all criteria of a pass set are relative',
  ])
  assert.match(formatProblem(lintSloFile('a: [', 'slo.yaml')[0] ?? assert.fail()), /not valid YAML/)
})

test('an sli.yaml without queries is pointed at', () => {
  const lint = (text: string) => lintSliFile(text, 'prometheus/sli.yaml').map(formatProblem)
  assert.deepEqual(lint('indicators: { a: "up" }'), [])
  assert.deepEqual(lint('spec_version: "1.0"\nindicator: { a: up }'), [
    'prometheus/sli.yaml:2:1: warning: unknown key indicator; did you mean indicators?',
    'prometheus/sli.yaml:1:1: warning: there are no indicators, so only built-in ones have a value',
  ])
  assert.deepEqual(lint('indicators:\n  a: up\n  b:\n'), [
    'prometheus/sli.yaml:3:3: warning: indicator b has no query',
  ])
})
