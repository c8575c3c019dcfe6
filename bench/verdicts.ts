import { SloFile } from '@tiphys/contract/slo.ts'
import type { PreviousEvaluation } from '@tiphys/core/evaluation/baseline.ts'
import { evaluate } from '@tiphys/core/evaluation/evaluation.ts'
import { measured, type SliValue, toIndicatorValue } from '@tiphys/core/evaluation/sli-value.ts'
import { explain } from '@tiphys/core/explanation/explain.ts'
import { normaliseSlo } from '@tiphys/core/slo/slo.ts'
import { readSlo } from '@tiphys/providers/evaluation/slo-text.ts'
import { line, median, ms, quantile, times, whole } from './figures.ts'

/** What a verdict costs once its values are there; asking providers and reading files is not in it. */

const OBJECTIVES = 50
const RUNS = 20
const VERDICTS = 10_000
const WARMING = 2_000
/** Different values in turn, so that nothing is computed from what the last verdict left. */
const SETS = 97
const FILE_READINGS = 20
const P99 = 0.99
const US_PER_MS = 1_000
/** Of ten indicators one is slower than it may be, as in a bad release. */
const FAILING_EACH = 10
const WORST_VERDICTS = 1_000

const FILE = SloFile.parse({
  comparison: { compare_with: 'several_results', number_of_comparison_results: RUNS },
  objectives: Array.from({ length: OBJECTIVES }, (_, index) => ({
    sli: `indicator_${index}`,
    weight: 1 + (index % 3),
    key_sli: index === 0,
    pass: [{ criteria: ['<=+10%', `<${1_000 + index}`] }],
    warning: [{ criteria: ['<=+25%'] }],
  })),
  total_score: { pass: '90%', warning: '75%' },
})

type Case = {
  readonly values: readonly SliValue[]
  readonly previous: readonly PreviousEvaluation[]
}

export function benchVerdicts(): void {
  console.log(`\ngate: ${OBJECTIVES} objectives, a baseline of ${RUNS} runs, processor time`)
  const cases = Array.from({ length: SETS }, (_, set) => caseOf(set, FAILING_EACH))
  for (let index = 0; index < WARMING; index++) verdict(cases, index)
  const rounds = Array.from({ length: VERDICTS }, (_, index) => verdict(cases, index))
  const judging = rounds.map(({ judgingMs }) => judgingMs)
  const both = rounds.map(({ judgingMs, explainingMs }) => judgingMs + explainingMs)
  const text = JSON.stringify(FILE)
  const reading = Array.from({ length: FILE_READINGS }, () =>
    cpuMs(() => readSlo({ file: 'slo.yaml', text })),
  )
  line('the verdict alone', `median ${us(median(judging))}`, `p99 ${us(quantile(judging, P99))}`)
  line('with its explanation', `median ${us(median(both))}`, `p99 ${us(quantile(both, P99))}`)
  line(`${whole(VERDICTS)} with their explanations`, ms(both.reduce((sum, one) => sum + one, 0)))
  const worst = Array.from({ length: SETS }, (_, set) => caseOf(set, 1))
  const failing = Array.from({ length: WORST_VERDICTS }, (_, index) => verdict(worst, index)).map(
    ({ judgingMs, explainingMs }) => judgingMs + explainingMs,
  )
  line('where every objective fails', `${times(median(failing) / median(both))} that`)
  line('reading its slo.yaml', `${times(median(reading) / median(both))} that`, ms(median(reading)))
}

/** A file of its own for each, as if it had just been read: nothing of an earlier verdict is known. */
function verdict(cases: readonly Case[], index: number) {
  const one = cases[index % cases.length]
  if (one === undefined) throw new Error('there are no cases')
  const slo = normaliseSlo(FILE)
  const { values, previous } = one
  const startMs = usedMs()
  const outcome = evaluate({ slo, values: values.map(toIndicatorValue), previous })
  const judgedMs = usedMs()
  const explanation = explain({
    slo,
    outcome,
    subject: { project: 'shop', stage: 'staging', service: 'checkout', version: '1.8.2' },
    window: undefined,
    details: Object.fromEntries(values.map(({ metric, detail }) => [metric, detail])),
    notes: [],
  })
  const endMs = usedMs()
  if (explanation.objectives.length !== OBJECTIVES) throw new Error('objectives are missing')
  return { judgingMs: judgedMs - startMs, explainingMs: endMs - judgedMs }
}

/** `failingEach`: every so many objectives fail. */
function caseOf(set: number, failingEach: number): Case {
  const level = (index: number) => 100 + 7 * index + (set % 11)
  return {
    values: Array.from({ length: OBJECTIVES }, (_, index) => {
      const factor = (index + set) % failingEach === 0 ? 1.4 : 1.02
      const query = `sum(rate(indicator_${index}_total{job="checkout-shop-staging"}[300s]))`
      const detail = { provider: 'prometheus', unit: 'ms', query }
      return measured(`indicator_${index}`, level(index) * factor + set / 1000, detail)
    }),
    previous: Array.from({ length: RUNS }, (_, run) => ({
      id: `finished-${set}-${run}`,
      triggeredId: `triggered-${set}-${run}`,
      timeMs: run,
      result: 'pass',
      values: Array.from({ length: OBJECTIVES }, (_, index) => ({
        metric: `indicator_${index}`,
        value: level(index) + ((run * 13 + index) % 17) / 10,
        success: true,
      })),
    })),
  }
}

function cpuMs(work: () => unknown): number {
  const startMs = usedMs()
  work()
  return usedMs() - startMs
}

/** Of the whole process, with what the compiler and the collector do beside. The figure of one thread moves in steps of 4 ms on Linux. */
function usedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / US_PER_MS
}

function us(valueMs: number): string {
  return `${whole(valueMs * US_PER_MS)} µs`
}
