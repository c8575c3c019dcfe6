import type { Explanation } from './explanation.ts'
import { COLUMNS, closingLines, headline, objectiveRow } from './report-columns.ts'

/** The report for a terminal: sentence, table, what would have to change. Ends with a line break. */
export function renderText(explanation: Explanation): string {
  const lines = [printable(explanation.sentence), headline(explanation)]
  if (explanation.objectives.length > 0) {
    lines.push('', ...table([COLUMNS, ...explanation.objectives.map(objectiveRow)]))
  }
  const closing = closingLines(explanation).map(printable)
  if (closing.length > 0) lines.push('', ...closing)
  return `${lines.join('\n')}\n`
}

/** Left-aligned columns, two spaces apart; the last one runs as long as it is. */
function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(printable))
  const widths = COLUMNS.map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  )
  return cells.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** Names and messages come from files and from other programs: no line breaks, no escape sequences. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}
