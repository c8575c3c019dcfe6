import type { ExplainedRun, Explanation } from './explanation.ts'
import { html, type Markup } from './markup.ts'
import type { ReportLinks } from './report-links.ts'
import { runText } from './report-words.ts'

/** How an earlier run is named and linked, by the id of its `evaluation.finished` event. */
export function runNames(
  { baseline }: Explanation,
  links: ReportLinks | undefined,
): (id: string) => Markup {
  const runs = new Map(baseline?.evaluations.map((run) => [run.id, run]))
  return (id) => {
    const run = runs.get(id)
    return run === undefined ? html`${id}` : linked(run, links)
  }
}

function linked(run: ExplainedRun, links: ReportLinks | undefined): Markup {
  const address = links?.run(run)
  const name = runText(run)
  return address === undefined ? html`${name}` : html`<a href="${address}">${name}</a>`
}

/** The runs compared with, and folded the ones left out, with why; null where there were none. */
export function historyPanel(
  { baseline }: Explanation,
  links: ReportLinks | undefined,
): Markup | null {
  if (baseline === null) return null
  const compared = baseline.evaluations.map(
    (run) => html`<li>${linked(run, links)} <span class="quiet">${run.result}${
      run.pinned === null ? '' : ', the pinned reference'
    }</span></li>
`,
  )
  const leftOut = baseline.leftOut.map(
    (run) => html`<li>${linked(run, links)} <span class="quiet">${run.text}</span></li>
`,
  )
  if (compared.length + leftOut.length === 0) return null
  return html`<section class="panel"><h2>Compared with</h2>
${compared.length === 0 ? html`<p>No earlier run counts.</p>` : list(compared)}${
  leftOut.length === 0
    ? null
    : html`<details><summary>Left out: ${leftOut.length}, and why</summary>
${list(leftOut)}</details>`
}</section>`
}

function list(items: readonly Markup[]): Markup {
  return html`<ul class="runs small">
${items}</ul>`
}
