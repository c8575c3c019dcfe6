import type { SloFile } from '@tiphys/contract/slo.ts'

/** An slo.yaml with its defaults filled in, as it is evaluated (facts/keptn-v1.md 3.1). */
export type Slo = {
  readonly specVersion: string
  /** Handed to the provider: placeholders and label filters of its queries. */
  readonly filter: Readonly<Record<string, string>>
  readonly comparison: SloComparison
  readonly objectives: readonly SloObjective[]
  readonly totalScore: SloTotalScore
}

export type SloComparison = {
  readonly compareWith: string
  readonly includeResultWithScore: string
  readonly numberOfComparisonResults: number
  readonly aggregateFunction: string
  /** Ours (docs/adr/0009): only earlier evaluations with exactly these labels count. */
  readonly labels: Readonly<Record<string, string>>
  /** Ours: only those whose labels of these names are as this evaluation's. */
  readonly sameLabels: readonly string[]
}

export type SloObjective = {
  readonly sli: string
  /** Empty when the file gives none. */
  readonly displayName: string
  /** OR over sets, AND within a set. null: the file names none; the objective is reported, not scored. */
  readonly pass: readonly CriteriaSet[] | null
  readonly warning: readonly CriteriaSet[] | null
  /** 0: shown, not scored. */
  readonly weight: number
  readonly keySli: boolean
  /** Its index in the file, where null entries count. */
  readonly index: number
}

export type CriteriaSet = readonly string[]

/** Percent as text, as in the file: `90%` or `90`. An empty `warning` means that there is no warning band. */
export type SloTotalScore = { readonly pass: string; readonly warning: string }

const DEFAULT_WEIGHT = 1
/** Keptn demanded a total score; its documentation and its samples all say 90 and 75. */
const DEFAULT_TOTAL_SCORE: SloTotalScore = { pass: '90%', warning: '75%' }
/** Without a `comparison` block. */
const DEFAULT_COMPARISON: SloComparison = {
  compareWith: 'single_result',
  includeResultWithScore: 'all',
  numberOfComparisonResults: 1,
  aggregateFunction: 'avg',
  labels: {},
  sameLabels: [],
}
/** With a `comparison` block that names no number. */
const DEFAULT_NUMBER_OF_RESULTS = 3

export function normaliseSlo(file: SloFile): Slo {
  return {
    specVersion: file.spec_version ?? '',
    filter: Object.fromEntries(
      Object.entries(file.filter ?? {}).map(([key, value]) => [key, value ?? '']),
    ),
    comparison: comparison(file.comparison),
    objectives: (file.objectives ?? []).flatMap((objective, index) =>
      objective === null
        ? []
        : [
            {
              sli: objective.sli ?? '',
              displayName: objective.displayName ?? '',
              pass: criteriaSets(objective.pass),
              warning: criteriaSets(objective.warning),
              weight: objective.weight ?? DEFAULT_WEIGHT,
              keySli: objective.key_sli ?? false,
              index,
            },
          ],
    ),
    totalScore: totalScore(file.total_score),
  }
}

function comparison(block: SloFile['comparison']): SloComparison {
  if (block === null || block === undefined) return DEFAULT_COMPARISON
  return {
    compareWith: block.compare_with ?? '',
    includeResultWithScore: block.include_result_with_score || 'all',
    numberOfComparisonResults: block.number_of_comparison_results || DEFAULT_NUMBER_OF_RESULTS,
    aggregateFunction: block.aggregate_function || 'avg',
    labels: block.labels ?? {},
    sameLabels: block.same_labels ?? [],
  }
}

type CriteriaFile = NonNullable<SloFile['objectives']>[number]

function criteriaSets(sets: NonNullable<CriteriaFile>['pass']): readonly CriteriaSet[] | null {
  if (sets === null || sets === undefined) return null
  return sets.flatMap((set) => (set === null ? [] : [set.criteria ?? []]))
}

/** A pass score alone means: no warning band. Keptn did the same. */
function totalScore(block: SloFile['total_score']): SloTotalScore {
  const pass = block?.pass ?? ''
  const warning = block?.warning ?? ''
  if (pass === '' && warning === '') return DEFAULT_TOTAL_SCORE
  return { pass: pass === '' ? DEFAULT_TOTAL_SCORE.pass : pass, warning }
}

/** `90%` or `90` as a number; undefined when it is none. */
export function parsePercentage(text: string): number | undefined {
  const digits = text.endsWith('%') ? text.slice(0, -1) : text
  return parseDecimal(digits)
}

/** A plain decimal number, as criteria and scores write it; undefined for anything else, also for `inf` and `nan`. */
export function parseDecimal(text: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
