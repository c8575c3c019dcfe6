import type { Explanation } from './explanation.ts'
import { COLUMNS, closingLines, headline, objectiveRow } from './report-columns.ts'

/** The report for a pull request. Text from files and providers is escaped: it makes no links, mentions, images or HTML. */
export function renderMarkdown(explanation: Explanation): string {
  const lines = [`**${escapeText(headline(explanation))}**`, '', escapeText(explanation.sentence)]
  if (explanation.objectives.length > 0) {
    const rows = explanation.objectives.map(objectiveRow)
    lines.push(
      '',
      row(COLUMNS),
      row(COLUMNS.map(() => '---')),
      ...rows.map((cells) => row(cells.map(escapeText))),
    )
  }
  for (const line of closingLines(explanation)) lines.push('', escapeText(line))
  return `${lines.join('\n')}\n`
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** `<` and `@` as entities, since HTML and mentions are not stopped by a backslash everywhere. */
function escapeText(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('@', '&#64;')
    .replaceAll(/[\\`*_{}[\]#|~!]/g, (character) => `\\${character}`)
    .replaceAll(/(https?):\/\//g, '$1:&#8203;//')
}
