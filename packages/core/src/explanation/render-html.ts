import type { Explanation } from './explanation.ts'
import { COLUMNS, closingLines, headline, objectiveRow } from './report-columns.ts'

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
h1 { font-size: 1.4rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #d0d7de; vertical-align: top; }
.pass { color: #1a6b3c; } .warning { color: #8a5a00; } .fail, .none { color: #a1191f; font-weight: 600; }
@media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117; } th, td { border-color: #30363d; }
.pass { color: #57c785; } .warning { color: #e3b341; } .fail, .none { color: #ff8b82; } }
`

/** The report as one HTML file without scripts or anything from elsewhere. All text is escaped. */
export function renderHtml(explanation: Explanation): string {
  const table =
    explanation.objectives.length === 0
      ? ''
      : `<table><thead><tr>${COLUMNS.map((name) => `<th scope="col">${name || 'result'}</th>`).join('')}</tr></thead>
<tbody>
${explanation.objectives.map((objective) => tableRow(objectiveRow(objective), objective.status)).join('\n')}
</tbody></table>`
  const closing = closingLines(explanation).map((line) => `<p>${escapeHtml(line)}</p>`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(headline(explanation))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(explanation.sentence)}</h1>
<p class="${explanation.verdict}">${escapeHtml(headline(explanation))}</p>
${[table, ...closing].filter((part) => part !== '').join('\n')}
</body>
</html>
`
}

function tableRow(cells: readonly string[], status: string): string {
  const [first = '', ...others] = cells
  const rest = others.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')
  return `<tr><td class="${status}">${escapeHtml(first)}</td>${rest}</tr>`
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
