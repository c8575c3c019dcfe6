import type { Explanation } from './explanation.ts'
import { html, type Markup, preformatted } from './markup.ts'
import { gauge, shape } from './report-charts.ts'
import { historyPanel, runNames } from './report-history.ts'
import type { ReportLinks } from './report-links.ts'
import { causeCard, objectiveTable } from './report-objectives.ts'
import { REPORT_POLICY, REPORT_STYLE } from './report-style.ts'
import {
  capitalised,
  costText,
  headline,
  remarksOf,
  scoreText,
  VERDICT_WORDS,
  windowText,
} from './report-words.ts'

export type HtmlOptions = { readonly links?: ReportLinks }

/** The report as one HTML file without scripts or anything from elsewhere: it can be mailed, archived and printed. All text is escaped. */
export function renderHtml(explanation: Explanation, options: HtmlOptions = {}): string {
  const { links } = options
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${REPORT_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${titleOf(explanation)}</title>
<style>${{ markup: REPORT_STYLE }}</style>
</head>
<body>
<main>
${verdictPanel(explanation, links)}
${wouldHavePassed(explanation)}
${causes(explanation, links)}
${objectiveTable(explanation)}
${historyPanel(explanation, links)}
${notes(explanation)}
<footer>Made by Tiphys from what is stored with this verdict; the same values give it again.</footer>
</main>
</body>
</html>
`
  return page.markup
}

/** What distinguishes ten tabs. */
function titleOf(explanation: Explanation): string {
  const { service, version, stage } = explanation.subject
  const subject = [service, version].filter((part) => part !== null).join(' ')
  const where = stage === null ? '' : ` in ${stage}`
  return subject === '' ? headline(explanation) : `${subject}${where}: ${headline(explanation)}`
}

function verdictPanel(explanation: Explanation, links: ReportLinks | undefined): Markup {
  const { verdict, sentence, advice, score, subject, window } = explanation
  const figures = scoreText(explanation)
  const facts: [string, string | Markup][] = []
  for (const [name, value] of Object.entries(subject)) {
    if (typeof value === 'string') facts.push([name, value])
  }
  if (window !== null) {
    facts.push(['window', windowText(window)])
  }
  if (links?.self !== undefined) {
    facts.push(['address', html`<a href="${links.self}">this report</a>`])
  }
  return html`<header class="verdict ${verdict}">
<div class="band"><span class="word">${shape(verdict)} <span>${capitalised(VERDICT_WORDS[verdict])}</span></span>${
    figures === null ? null : html` <span>${figures}</span>`
  }</div>
<div class="text">
<h1>${sentence}</h1>
${advice === null ? null : html`<p>${advice}</p>`}
${score === null || verdict === 'none' ? null : gauge(score)}
<dl class="quiet">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</div>
</header>`
}

function wouldHavePassed({ counterfactual }: Explanation): Markup | null {
  if (counterfactual === null) return null
  return html`<section class="panel would"><h2>What would have passed</h2><p>${counterfactual.sentence}</p></section>`
}

const CAUSES_TITLES: Readonly<Record<Explanation['verdict'], string>> = {
  pass: 'What cost points, the most first',
  warning: 'Why it is no pass, the most expensive first',
  fail: 'Why it failed, the most expensive first',
  none: 'What has no value',
}

function causes(explanation: Explanation, links: ReportLinks | undefined): Markup | null {
  if (explanation.causes.length === 0) return null
  const runName = runNames(explanation, links)
  const cards = explanation.causes.flatMap((cause, rank) => {
    const objective = explanation.objectives[cause.objective]
    return objective === undefined
      ? []
      : [causeCard(objective, rank, costText(explanation, cause), runName)]
  })
  return html`<section><h2>${CAUSES_TITLES[explanation.verdict]}</h2>
<ol class="causes">
${cards}</ol></section>`
}

function notes(explanation: Explanation): Markup | null {
  const remarks = remarksOf(explanation)
  if (remarks.length === 0) return null
  return html`<section class="panel"><h2>Notes</h2>
<ul class="runs small">
${remarks.map(
  (remark) => html`<li>${preformatted(remark)}</li>
`,
)}</ul></section>`
}
