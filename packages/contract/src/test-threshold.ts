import { didYouMean } from './suggestion.ts'

/**
 * What a load test must reach, as `tiphys/tests.yaml` writes it: `response_time_p95: "<500ms"`. The figures are those of
 * test-results.ts, so that a threshold, an objective and the report speak of the same thing.
 */
export type FigureKind = 'time' | 'percent' | 'rate' | 'count'

/** Figures a threshold may name. Times in ms, percent from 0 to 100, rates per second. */
export const THRESHOLD_FIGURES = {
  requests: 'count',
  failures: 'count',
  dropped: 'count',
  timeouts: 'count',
  connection_errors: 'count',
  error_rate: 'percent',
  rps: 'rate',
  response_time_min: 'time',
  response_time_avg: 'time',
  response_time_p50: 'time',
  response_time_p90: 'time',
  response_time_p95: 'time',
  response_time_p99: 'time',
  response_time_max: 'time',
  checks_passed: 'count',
  checks_failed: 'count',
} as const satisfies Record<string, FigureKind>

export type ThresholdFigure = keyof typeof THRESHOLD_FIGURES

const ALL_FIGURES = Object.keys(THRESHOLD_FIGURES) as readonly ThresholdFigure[]
const isOfChecks = (figure: ThresholdFigure) => figure.startsWith('checks_')

/** What our own load test measures. */
export const LOAD_FIGURES = ALL_FIGURES.filter((figure) => !isOfChecks(figure))
/** What the result files of a command can hold. */
export const COMMAND_FIGURES = ALL_FIGURES.filter((figure) => figure !== 'dropped')

export type Operator = '<' | '<=' | '>' | '>=' | '='

export type Criterion = {
  readonly operator: Operator
  /** In the figure's unit: ms, percent, per second, or a count. */
  readonly value: number
}

/** As in an SLO: `pass` holds = pass; else `warning` holds = warning; else fail. */
export type Threshold = {
  readonly figure: ThresholdFigure
  readonly pass: Criterion
  readonly warning?: Criterion
}

const EXAMPLES: Readonly<Record<FigureKind, string>> = {
  time: '<500ms',
  percent: '<1%',
  rate: '>=20/s',
  count: '>=100',
}

/** What one unit is in the figure's own; no unit is the figure's own. */
const UNITS: Readonly<Record<FigureKind, Readonly<Record<string, number>>>> = {
  time: { '': 1, ms: 1, s: 1_000 },
  percent: { '': 1, '%': 1 },
  rate: { '': 1, '/s': 1 },
  count: { '': 1 },
}

/** `<500ms` for a figure. The message names a right example. */
export function parseCriterion(
  text: string,
  kind: FigureKind,
):
  | { readonly ok: true; readonly criterion: Criterion }
  | { readonly ok: false; readonly message: string } {
  const match = /^(<=|>=|<|>|=)\s*(\d{1,12}(?:\.\d{1,9})?)\s*([a-z%/]{0,3})$/.exec(text.trim())
  const factor = UNITS[kind][match?.[3] ?? '?']
  const operator = OPERATORS.find((known) => known === match?.[1])
  if (match === null || factor === undefined || operator === undefined) {
    const found = JSON.stringify(text.slice(0, 80))
    return { ok: false, message: `expected a criterion like ${EXAMPLES[kind]}, found ${found}` }
  }
  return { ok: true, criterion: { operator, value: Number(match[2]) * factor } }
}

const OPERATORS: readonly Operator[] = ['<=', '>=', '<', '>', '=']

export function unknownFigureMessage(name: string, names: readonly ThresholdFigure[]): string {
  const meant = didYouMean(name, names)
  return meant === undefined
    ? `nothing called ${name} is measured; there are ${names.join(', ')}`
    : `nothing called ${name} is measured; did you mean ${meant}?`
}

/** A figure for people: `612 ms`, `0.4 %`, `19.8/s`, `600`. */
export function formatFigure(value: number, kind: FigureKind): string {
  switch (kind) {
    case 'time':
      return `${rounded(value)} ms`
    case 'percent':
      return `${rounded(value)} %`
    case 'rate':
      return `${rounded(value)}/s`
    case 'count':
      return String(value)
  }
}

/** Three leading digits are what a reader takes in; whole numbers keep all of theirs. */
function rounded(value: number): string {
  const readableFrom = 100
  if (Math.abs(value) >= readableFrom) return String(Math.round(value))
  return String(Number(value.toPrecision(3)))
}

/** `<500 ms`: the criterion in words of the file. */
export function formatCriterion(criterion: Criterion, kind: FigureKind): string {
  return `${criterion.operator}${formatFigure(criterion.value, kind)}`
}
