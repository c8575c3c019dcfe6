import { strict as assert } from 'node:assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { recomputeDifference } from '@tiphys/providers/evaluation/stored-report.ts'
import { createCli } from './run-cli.ts'

/**
 * The recorded verdicts of Keptn's lighthouse-service that are whole evaluations, through the command that anybody can run. The same
 * file, with all other kinds, goes through core in its own tests.
 */
type Value = { readonly metric: string; readonly value: number; readonly success: boolean }
type Vector = {
  readonly id: string
  readonly kind: string
  readonly input: {
    readonly sliValues: readonly Value[]
    readonly slo: Record<string, unknown> & { readonly objectives: Record<string, unknown>[] }
    readonly previousEvaluations: readonly (readonly Value[])[]
  }
  readonly expect: {
    readonly result: string
    readonly score: number
    readonly statuses?: readonly string[]
    readonly indicatorResults?: unknown
  }
}

const FILE = new URL('../../core/test/fixtures/lighthouse-vectors.json', import.meta.url)
const KINDS = ['evaluation', 'objectives']
const EXPECTED_VECTORS = 14
const EXIT_CODES: Readonly<Record<string, number>> = { pass: 0, warning: 0, fail: 1 }
const NO_VERDICT = 3

/** What behaves otherwise here, on purpose (docs/evaluation.md, "Mended from Keptn v1"). */
const MENDED: Readonly<Record<string, Partial<Vector['expect']> & { readonly code?: number }>> = {
  // An SLI used in two objectives: both are evaluated.
  'evaluation-08': { result: 'pass', score: 100, statuses: ['pass', 'pass'] },
  // No value at all is no verdict.
  'objectives-10': { code: NO_VERDICT },
}

/** The vectors write criteria as lists of lists; slo.yaml has a `criteria` key in between. */
function sloText({ slo }: Vector['input']): string {
  const sets = (lists: unknown) =>
    Array.isArray(lists) ? lists.map((criteria) => ({ criteria })) : lists
  const objectives = slo.objectives.map((one) => ({
    ...one,
    pass: sets(one['pass']),
    warning: sets(one['warning']),
  }))
  return JSON.stringify({ ...slo, objectives })
}

test("verdicts of Keptn's quality gate, through tiphys evaluate", async (t) => {
  const { vectors } = JSON.parse(readFileSync(FILE, 'utf8')) as { vectors: Vector[] }
  const whole = vectors.filter(({ kind }) => KINDS.includes(kind))
  assert.equal(whole.length, EXPECTED_VECTORS)
  const cli = createCli(t)
  for (const { id, input, expect } of whole) {
    await t.test(id, async () => {
      const previous = input.previousEvaluations.map((values) => ({
        result: 'pass',
        indicatorResults: values.map((value) => ({ value })),
      }))
      writeFileSync(join(cli.home, 'slo.yaml'), sloText(input))
      writeFileSync(
        join(cli.home, 'values.json'),
        JSON.stringify({ indicatorValues: input.sliValues }),
      )
      writeFileSync(join(cli.home, 'previous.json'), JSON.stringify(previous))
      const { code, stdout } = await cli.run(
        'evaluate --slo slo.yaml --values values.json --previous previous.json -o json'.split(' '),
      )
      const { explanation, ...evaluation } = JSON.parse(stdout)
      const mended = MENDED[id] ?? {}
      const wanted = { ...expect, ...mended }
      if (wanted.result !== '') {
        assert.equal(evaluation.result, wanted.result)
        assert.equal(evaluation.score, wanted.score)
      }
      if (wanted.statuses !== undefined) {
        const results = evaluation.indicatorResults as { status: string }[]
        assert.deepEqual(
          results.map(({ status }) => status),
          wanted.statuses,
        )
      }
      if ('indicatorResults' in wanted) {
        assert.deepEqual(evaluation.indicatorResults, wanted.indicatorResults)
      }
      assert.equal(code, mended.code ?? EXIT_CODES[evaluation.result])
      assert.equal(recomputeDifference({ evaluation, explanation }), undefined)
    })
  }
})
