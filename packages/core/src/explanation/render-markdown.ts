import type { ExplainedObjective, Explanation } from './explanation.ts'
import { escapeMarkdown, markdownBlock, markdownLink } from './markdown-text.ts'
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
import { webLink } from './web-link.ts'

export type MarkdownOptions = { readonly links?: ReportLinks }

/** GitHub takes 65,536 characters in a comment and refuses longer ones; whoever posts adds some of their own. */
export const MAX_MARKDOWN_LENGTH = 60_000
/** Without unfolding anything. */
const SHOWN_CAUSES = 3
const MAX_NAME = 100
const MAX_CELL = 500
const MAX_SENTENCE = 800
const MAX_QUERY = 1_500
const MAX_RUNS = 20
const SHOWN_REMARKS = 3
const MAX_REMARK = 300

/**
 * The report for a pull request: what decided first, everything else folded. It stays below `MAX_MARKDOWN_LENGTH` whatever is in it;
 * what is left out is counted.
 */
export function renderMarkdown(explanation: Explanation, options: MarkdownOptions = {}): string {
  const { links } = options
  const page = new Page(MAX_MARKDOWN_LENGTH)
  for (const paragraph of visibleParagraphs(explanation, links)) page.add(paragraph)
  const ending = closingParagraph(explanation, links)
  page.reserve(ending)
  addTable(page, explanation)
  addSources(page, explanation)
  addHistory(page, explanation, links)
  page.addReserved(ending)
  return page.text
}

/** Paragraphs up to a length; those that do not fit any more are refused. */
class Page {
  readonly #maxLength: number
  #text = ''
  #reserved = 0

  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  get text(): string {
    return this.#text
  }

  reserve(paragraph: string): void {
    this.#reserved = paragraph.length + 2
  }

  add(paragraph: string): boolean {
    const joined = this.#text === '' ? paragraph : `\n${paragraph}`
    if (this.#text.length + joined.length + 1 + this.#reserved > this.#maxLength) return false
    this.#text += `${joined}\n`
    return true
  }

  addReserved(paragraph: string): void {
    this.#reserved = 0
    if (paragraph !== '') this.add(paragraph)
  }

  /** How many characters a paragraph may still have. */
  get room(): number {
    return this.#maxLength - this.#text.length - this.#reserved - 2
  }
}

function visibleParagraphs(explanation: Explanation, links: ReportLinks | undefined): string[] {
  const { sentence, advice, counterfactual, causes } = explanation
  const head = markdownLink(escaped(headline(explanation)), links?.self)
  const shown = causes.slice(0, SHOWN_CAUSES).flatMap((cause, rank) => {
    const objective = explanation.objectives[cause.objective]
    return objective === undefined ? [] : [causeLine(objective, costText(explanation, cause), rank)]
  })
  return [
    `**${head}**`,
    escaped(sentence, MAX_SENTENCE),
    ...(advice === null ? [] : [escaped(advice)]),
    ...(shown.length < 2 ? [] : [shown.join('\n')]),
    ...(counterfactual === null ? [] : [escaped(counterfactual.sentence, MAX_SENTENCE)]),
  ]
}

function causeLine(objective: ExplainedObjective, cost: string | null, rank: number): string {
  const margin = objective.margin === null ? '' : `; ${escaped(objective.margin.text)}`
  const name = `**${escaped(objective.name, MAX_NAME)}**`
  return `${rank + 1}. ${name}: ${escaped(objective.reason)}${margin}${cost === null ? '' : ` (${escaped(cost)})`}`
}

const HEADS = ['', 'indicator', 'measured', 'points', 'why', 'compared with'] as const

/** All objectives in one table: those that cost something first, in their rank, then the others in the order of slo.yaml. */
function addTable(page: Page, explanation: Explanation): void {
  const { objectives } = explanation
  if (objectives.length === 0) return
  const ranked = new Set(explanation.causes.map(({ objective }) => objective))
  const order = [...ranked, ...objectives.keys()]
  const rows = [...new Set(order)].flatMap((index) => {
    const objective = objectives[index]
    return objective === undefined ? [] : [row(cellsOf(objective))]
  })
  const head = [row(HEADS), row(HEADS.map(() => '---'))]
  page.add(folded(`All ${objectives.length} objectives`, page.room, head, rows, 'objectives'))
}

/** In the order of `HEADS`. */
function cellsOf(objective: ExplainedObjective): readonly string[] {
  const { margin, reason, keySli, link } = objective
  const name = markdownLink(escaped(objective.name, MAX_NAME), webLink(link))
  const why = margin === null ? reason : `${reason}; ${margin.text}`
  return [
    escaped(statusWord(objective)),
    keySli ? `${name} (key)` : name,
    escaped(measuredText(objective)),
    pointsText(objective),
    escaped(why, MAX_CELL),
    escaped(baselineText(objective) ?? '–'),
  ]
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** What was asked, of whom. */
function addSources(page: Page, { objectives }: Explanation): void {
  const sources = objectives.flatMap((objective) => {
    const { provider, query, remarks } = objective
    if (query === null && remarks.length === 0) return []
    const asked = query === null ? '' : markdownBlock(query, MAX_QUERY)
    const said = remarks.map((remark) => escaped(remark)).join('; ')
    const title = `**${escaped(objective.name, MAX_NAME)}**, asked of ${escaped(provider ?? 'nobody')}`
    return [[`${title}${said === '' ? '' : ` (${said})`}`, asked].filter(Boolean).join('\n\n')]
  })
  if (sources.length === 0) return
  const spaced = sources.flatMap((source) => [source, ''])
  page.add(folded('Where the values come from', page.room, [], spaced, 'queries'))
}

function addHistory(page: Page, explanation: Explanation, links: ReportLinks | undefined): void {
  const { baseline, window } = explanation
  const lines: string[] = []
  if (window !== null) {
    lines.push(`- Window: ${escaped(windowText(window))}`)
  }
  for (const run of (baseline?.evaluations ?? []).slice(0, MAX_RUNS)) {
    const name = markdownLink(escaped(runText(run), MAX_NAME), links?.run(run))
    lines.push(`- Compared with ${name}, ${escaped(run.result || 'result not told')}`)
  }
  for (const run of (baseline?.leftOut ?? []).slice(0, MAX_RUNS)) {
    const name = markdownLink(escaped(runText(run), MAX_NAME), links?.run(run))
    lines.push(`- Left out ${name}: ${escaped(run.text)}`)
  }
  const notes = remarksOf(explanation).slice(SHOWN_REMARKS)
  lines.push(...notes.map((note) => `- Note: ${escaped(note)}`))
  if (lines.length > 0) page.add(folded('Window and comparison', page.room, [], lines, 'runs'))
}

function closingParagraph(explanation: Explanation, links: ReportLinks | undefined): string {
  const lines = remarksOf(explanation)
    .slice(0, SHOWN_REMARKS)
    .map((remark) => `- Note: ${escaped(remark, MAX_REMARK)}`)
  if (links?.self !== undefined) lines.push(`- ${markdownLink('the whole report', links.self)}`)
  return lines.join('\n')
}

const END = '</details>'
/** Room for the line that counts what was left out. */
const COUNT_LENGTH = 60

/** A folded part of at most `room` characters: its head, and as many lines as fit. */
function folded(
  title: string,
  room: number,
  head: readonly string[],
  lines: readonly string[],
  what: string,
): string {
  const start = [`<details><summary>${title}</summary>`, '', ...head].join('\n')
  let text = start
  let left = lines.length
  for (const line of lines) {
    if (text.length + line.length + END.length + COUNT_LENGTH > room) break
    text += `\n${line}`
    left--
  }
  const rest = left === 0 ? '' : `\n\nThere is no room for more ${what} here.`
  return `${text}${rest}\n\n${END}`
}

function escaped(text: string, maxLength = MAX_CELL): string {
  return escapeMarkdown(text, maxLength)
}
