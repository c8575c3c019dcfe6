import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { evaluate } from '@tiphys/core/evaluation/evaluation.ts'
import { explain } from '@tiphys/core/explanation/explain.ts'
import { renderText } from '@tiphys/core/explanation/render-text.ts'
import { normaliseSlo } from '@tiphys/core/slo/slo.ts'
import { reportTextOptions } from '../src/output/report-text.ts'
import { terminalOf } from '../src/output/terminal.ts'

/** Someone else's name for an indicator: it tries to clear the screen. */
const NAME = 'rt\u001b[2J'

function report(columns: number, flags: { readonly color?: boolean }, environment: object): string {
  const slo = normaliseSlo({
    objectives: [{ sli: 'rt', displayName: NAME, pass: [{ criteria: ['<1'] }] }],
  })
  const values = [{ metric: 'rt', value: 2, success: true }]
  const explanation = explain({
    slo,
    outcome: evaluate({ slo, values, previous: [] }),
    subject: { project: null, stage: null, service: null, version: null },
    window: undefined,
    details: {},
    notes: ['a note that is longer than a narrow terminal has columns, and goes on and on'],
  })
  const stream = { isTTY: true, columns } as unknown as NodeJS.WriteStream
  const terminal = terminalOf(flags, stream, environment as NodeJS.ProcessEnv)
  return renderText(explanation, reportTextOptions(terminal))
}

test('a report is coloured where people look, and only there', () => {
  const painted = report(80, {}, {})
  assert.ok(painted.includes('\u001b[31mfail · 0 of 90 needed, warning from 75\u001b[39m'))
  assert.ok(!painted.includes('\u001b[2J'), 'escape sequences of others are gone')
  for (const plain of [
    report(80, { color: false }, {}),
    report(80, {}, { NO_COLOR: '1' }),
    report(80, {}, { TERM: 'dumb' }),
  ]) {
    assert.ok(!plain.includes('\u001b'))
    assert.ok(plain.includes('\nfail · 0 of 90 needed, warning from 75\n'))
  }
})

test('a report is as wide as the terminal', () => {
  for (const columns of [50, 70]) {
    const lines = report(columns, { color: false }, {}).split('\n')
    const longest = Math.max(...lines.map((line) => line.length))
    assert.ok(longest <= columns && longest > columns - 20, `${longest} of ${columns}`)
  }
})
