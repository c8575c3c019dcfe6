import type { ExplainedObjective, Explanation } from './explanation.ts'
import { clipped, singleLine } from './plain-text.ts'
import type { ReportLinks } from './report-links.ts'
import {
  baselineText,
  costText,
  headline,
  measuredText,
  pointsText,
  remarksOf,
  runText,
  statusWord,
  windowText,
} from './report-words.ts'
import { indented, padded, widthOf, wrapped } from './text-layout.ts'
import { webLink } from './web-link.ts'

export type TextOptions = {
  /** Of the terminal; 100 where there is none. */
  readonly columns?: number
  /** How a word is coloured; as it is by default. */
  readonly paint?: (tone: Tone, text: string) => string
  readonly links?: ReportLinks
}

export type Tone = 'pass' | 'warning' | 'fail' | 'none' | 'info' | 'quiet' | 'strong'

const DEFAULT_COLUMNS = 100
/** Narrower than this nothing is readable, and a terminal that says so does not know. */
const MIN_COLUMNS = 40
/** Told with everything there is; further ones stand in the table. */
const TOLD_CAUSES = 5
const MAX_NAME = 60
const MAX_TEXT = 600
const MAX_QUERY = 400
const MAX_RUNS = 10

type Page = {
  readonly columns: number
  readonly paint: (tone: Tone, text: string) => string
  readonly links: ReportLinks | undefined
}

/** The report for a terminal: sentence, causes, what else was measured, what would have to change. Ends with a line break. */
export function renderText(explanation: Explanation, options: TextOptions = {}): string {
  const page: Page = {
    columns: Math.max(options.columns ?? DEFAULT_COLUMNS, MIN_COLUMNS),
    paint: options.paint ?? ((_, text) => text),
    links: options.links,
  }
  const told = explanation.causes.slice(0, TOLD_CAUSES)
  const toldObjectives = new Set(told.map(({ objective }) => objective))
  const others = explanation.objectives.filter((_, index) => !toldObjectives.has(index))
  const blocks = [
    opening(explanation, page),
    told.flatMap((_, rank) => causeLines(explanation, rank, page)),
    others.length === 0 ? [] : table(others, page),
    closing(explanation, page),
  ]
  const lines = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'))
  return `${lines.join('\n\n')}\n`
}

function opening(explanation: Explanation, page: Page): string[] {
  const sentence = wrapped(plain(explanation.sentence), page.columns)
  const advice = explanation.advice === null ? [] : wrapped(plain(explanation.advice), page.columns)
  return [
    ...sentence.map((line) => page.paint('strong', line)),
    page.paint(explanation.verdict, headline(explanation)),
    ...advice,
  ]
}

const CAUSE_INDENT = 4

/** One cause: what, how much it cost, the arithmetic, and where it comes from. */
function causeLines(explanation: Explanation, rank: number, page: Page): readonly string[] {
  const cause = explanation.causes[rank]
  const objective = cause && explanation.objectives[cause.objective]
  if (cause === undefined || objective === undefined) return []
  const number = `${rank + 1}.`.padStart(CAUSE_INDENT - 1)
  const word = statusWord(objective)
  const name = plain(objective.name, MAX_NAME)
  const start = `${name}: ${word}`
  const cost = costText(explanation, cause)
  const head = cost === null ? start : `${start}, ${cost}`
  const [first = '', ...rest] = wrapped(head, page.columns - CAUSE_INDENT)
  const painted = first.startsWith(start)
    ? `${name}: ${page.paint(toneOf(objective), word)}${first.slice(start.length)}`
    : first
  const details = [plain(objective.reason, MAX_TEXT), ...detailsOf(objective)]
  return [
    `${number} ${painted}`,
    ...rest.map((line) => ' '.repeat(CAUSE_INDENT) + line),
    ...details.flatMap((line) => indented(line, CAUSE_INDENT, page.columns)),
    ...linkLine(objective, page),
  ]
}

function detailsOf(objective: ExplainedObjective): string[] {
  const { margin, provider, query, remarks } = objective
  const compared = baselineText(objective)
  return [
    ...(margin === null ? [] : [plain(margin.text)]),
    ...(compared === null ? [] : [`compared with ${plain(compared)}`]),
    ...(query === null ? [] : [`asked of ${plain(provider ?? '')}: ${plain(query, MAX_QUERY)}`]),
    ...remarks.map((remark) => plain(remark, MAX_TEXT)),
  ]
}

/** A link is never cut: it would lead elsewhere. */
function linkLine({ link }: ExplainedObjective, page: Page): string[] {
  const address = webLink(link)
  return address === undefined ? [] : [`${' '.repeat(CAUSE_INDENT)}${page.paint('quiet', address)}`]
}

function toneOf({ status, measurement, pass }: ExplainedObjective): Tone {
  return measurement.kind !== 'measured' && pass !== null ? 'none' : status
}

const HEADS = ['', 'indicator', 'measured', 'points', 'why'] as const
const GAP = '  '
/** With less for the last column there are no columns. */
const MIN_WHY_COLUMNS = 30

/** Left-aligned columns, the last one wrapped within itself; a paragraph for each where there is no room for columns. */
function table(objectives: readonly ExplainedObjective[], page: Page): readonly string[] {
  const rows = objectives.map((one) => ({ tone: toneOf(one), cells: cellsOf(one) }))
  const widths = HEADS.slice(0, -1).map((head, column) =>
    Math.max(widthOf(head), ...rows.map(({ cells }) => widthOf(cells[column] ?? ''))),
  )
  const before = widths.reduce((sum, width) => sum + width + GAP.length, 0)
  if (page.columns - before < MIN_WHY_COLUMNS) return paragraphs(rows, page)
  const line = (cells: readonly string[], tone?: Tone) => {
    const [first = '', ...others] = cells
      .slice(0, -1)
      .map((cell, column) => padded(cell, widths[column] ?? 0))
    const start = [tone === undefined ? first : page.paint(tone, first), ...others].join(GAP)
    const [top = '', ...below] = wrapped(cells.at(-1) ?? '', page.columns - before)
    return [`${start}${GAP}${top}`.trimEnd(), ...below.map((rest) => ' '.repeat(before) + rest)]
  }
  return [...line(HEADS), ...rows.flatMap(({ cells, tone }) => line(cells, tone))]
}

type Row = { readonly tone: Tone; readonly cells: readonly string[] }

function paragraphs(rows: readonly Row[], page: Page): readonly string[] {
  return rows.flatMap(({ cells, tone }) => {
    const [word = '', name = '', ...others] = cells.slice(0, -1)
    const start = `${word}: `
    const [top = '', ...below] = wrapped(`${start}${[name, ...others].join(', ')}`, page.columns)
    const painted = top.startsWith(start)
      ? page.paint(tone, word) + top.slice(word.length)
      : page.paint(tone, top)
    return [painted, ...below, ...indented(cells.at(-1) ?? '', CAUSE_INDENT, page.columns)]
  })
}

/** In the order of `HEADS`. */
function cellsOf(objective: ExplainedObjective): readonly string[] {
  const { margin, reason } = objective
  const name = plain(objective.name, MAX_NAME)
  const why = margin === null || objective.status === 'pass' ? reason : `${reason}; ${margin.text}`
  return [
    statusWord(objective),
    objective.keySli ? `${name} (key)` : name,
    plain(measuredText(objective)),
    pointsText(objective),
    plain(why, MAX_TEXT),
  ]
}

/** What stands below the table, a line each. */
function closing(explanation: Explanation, page: Page): readonly string[] {
  const { counterfactual, baseline, window } = explanation
  const lines: string[] = []
  if (counterfactual !== null) lines.push(plain(counterfactual.sentence, MAX_TEXT))
  if (window !== null) {
    lines.push(`Window: ${windowText(window)}.`)
  }
  if (baseline !== null && baseline.evaluations.length > 0) {
    lines.push(`Compared with: ${runList(baseline.evaluations.map(runText))}.`)
  }
  if (baseline !== null && baseline.leftOut.length > 0) {
    const leftOut = baseline.leftOut.map((run) => `${runText(run)}: ${run.text}`)
    lines.push(`Left out: ${runList(leftOut, '; ')}.`)
  }
  for (const remark of remarksOf(explanation)) lines.push(`Note: ${remark}`)
  const wrappedLines = lines.flatMap((line) => wrapped(plain(line, MAX_TEXT), page.columns))
  const self = page.links?.self
  return self === undefined ? wrappedLines : [...wrappedLines, `Report: ${self}`]
}

function runList(runs: readonly string[], separator = ', '): string {
  const shown = runs.slice(0, MAX_RUNS)
  const more = runs.length - shown.length
  return more === 0 ? shown.join(separator) : `${shown.join(separator)} and ${more} more`
}

/** Names and messages come from files and from other programs: no line breaks, no escape sequences. */
function plain(text: string, maxLength = MAX_TEXT): string {
  return clipped(singleLine(text), maxLength)
}
