import type { FilePath } from '@tiphys/contract/problem.ts'
import type { SloFile, SloObjectiveFile } from '@tiphys/contract/slo.ts'
import { toAggregateFunction } from '../evaluation/aggregate.ts'
import { parseCriterion } from '../evaluation/criterion.ts'
import { parsePercentage } from '../slo/slo.ts'
import type { Difference } from './difference.ts'

/** What an slo.yaml that Keptn judged by comes to otherwise here (facts/keptn-v1.md 3; compatibility.md, second table). */
export function sloDifferences(slo: SloFile): readonly Difference[] {
  const objectives = slo.objectives ?? []
  return [
    ...totalScoreDifferences(slo),
    ...aggregateDifferences(slo),
    ...objectives.flatMap((objective, index) =>
      objective === null ? [] : objectiveDifferences(objective, ['objectives', index]),
    ),
    ...usedTwice(objectives),
    ...nothingScored(objectives),
  ]
}

/** Each weight of 0 counted as 1 in Keptn; here a file that has no other never fails. */
function nothingScored(objectives: NonNullable<SloFile['objectives']>): Difference[] {
  const scored = objectives.filter((objective) => (objective?.pass ?? []).length > 0)
  if (scored.length === 0 || scored.some((objective) => objective?.weight !== 0)) return []
  return [
    {
      severity: 'error',
      code: 'weights-all-zero',
      path: ['objectives'],
      was: 'Every objective that is scored has the weight 0, which counted as 1: they decided.',
      now: 'None of them is scored, so every evaluation passes with 100 unless a key SLI fails.',
      todo: 'Write weight: 1, or leave the weights out.',
    },
  ]
}

function totalScoreDifferences({ total_score: total }: SloFile): Difference[] {
  const pass = total?.pass ?? ''
  const warning = total?.warning ?? ''
  const bad = (
    [
      ['pass', pass],
      ['warning', warning],
    ] as const
  ).filter(([, text]) => text !== '' && parsePercentage(text) === undefined)
  if (bad.length > 0) {
    return bad.map(([key, text]) => ({
      severity: 'error',
      code: 'total-score-unreadable',
      path: ['total_score', key],
      was: `${JSON.stringify(text)} is no percentage, so no evaluation got a result.`,
      now: 'Every evaluation ends errored, and says why.',
      todo: 'Write it like "90%".',
    }))
  }
  if (pass !== '') return []
  return [
    {
      severity: 'changes',
      code: 'total-score-missing',
      path: ['total_score'],
      was: 'Without total_score.pass every evaluation ended with the error "no target score defined".',
      now:
        warning === ''
          ? 'It is 90 % for pass and 75 % for warning.'
          : `It is 90 % for pass; warning is ${warning}, as written.`,
      todo: 'Write the scores you want.',
    },
  ]
}

function aggregateDifferences({ comparison }: SloFile): Difference[] {
  const name = comparison?.aggregate_function ?? ''
  const path = ['comparison', 'aggregate_function']
  if (name === 'p99') {
    return [
      {
        severity: 'changes',
        code: 'aggregate-p99',
        path,
        was: 'p99 was unknown, so relative criteria were silently compared with 0.',
        now: 'They are compared with the 99th percentile of the earlier evaluations.',
      },
    ]
  }
  if (name === '' || toAggregateFunction(name) !== undefined) return []
  return [
    {
      severity: 'error',
      code: 'aggregate-unknown',
      path,
      was: `${name} was unknown, so relative criteria were silently compared with 0.`,
      now: 'The evaluation ends errored.',
      todo: 'Write avg, p50, p90, p95 or p99.',
    },
  ]
}

function objectiveDifferences(objective: SloObjectiveFile, path: FilePath): Difference[] {
  return [
    ...criteriaDifferences(objective, 'pass', path),
    ...criteriaDifferences(objective, 'warning', path),
    ...(objective.weight === 0 ? [weightOfZero([...path, 'weight'])] : []),
  ]
}

function criteriaDifferences(
  objective: SloObjectiveFile,
  kind: 'pass' | 'warning',
  path: FilePath,
): Difference[] {
  return (objective[kind] ?? []).flatMap((set, setIndex) =>
    (set?.criteria ?? []).flatMap((text, index): Difference[] => {
      if (parseCriterion(text).ok) return []
      const unreadable = `${JSON.stringify(text)} cannot be read`
      return [
        {
          severity: kind === 'warning' ? 'error' : 'info',
          code: `${kind}-criterion-unreadable`,
          path: [...path, kind, setIndex, 'criteria', index],
          was:
            kind === 'warning'
              ? `${unreadable}; the error was swallowed, and the objective never ended with a warning.`
              : `${unreadable}, so every evaluation ended with fail.`,
          now:
            kind === 'warning'
              ? 'Every evaluation ends with fail, and says why.'
              : 'The same, and it says why.',
          todo: 'Write an operator and a number: <=500, or <=+10% to compare with earlier results.',
        },
      ]
    }),
  )
}

function weightOfZero(path: FilePath): Difference {
  return {
    severity: 'changes',
    code: 'weight-zero',
    path,
    was: 'A weight of 0 counted as 1.',
    now: 'The objective is shown and earns no points; as a key SLI it can still fail the evaluation.',
    todo: 'Write weight: 1 to count it as before.',
  }
}

function usedTwice(objectives: NonNullable<SloFile['objectives']>): Difference[] {
  const seen = new Set<string>()
  return objectives.flatMap((objective, index): Difference[] => {
    const sli = objective?.sli ?? ''
    if (sli === '' || !seen.has(sli)) {
      seen.add(sli)
      return []
    }
    return [
      {
        severity: 'changes',
        code: 'sli-used-twice',
        path: ['objectives', index, 'sli'],
        subject: sli,
        was: 'An objective before uses the same indicator; the second one never had a value and failed.',
        now: 'Both are evaluated.',
      },
    ]
  })
}

/** Whether a file compares with earlier evaluations, which stay behind in Keptn's database. */
export function comparesWithEarlier(slo: SloFile): boolean {
  return (slo.objectives ?? []).some((objective) =>
    [...(objective?.pass ?? []), ...(objective?.warning ?? [])].some((set) =>
      (set?.criteria ?? []).some((text) => {
        const parsed = parseCriterion(text)
        return parsed.ok && parsed.criterion.relative
      }),
    ),
  )
}
