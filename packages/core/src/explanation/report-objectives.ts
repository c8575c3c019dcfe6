import type { ExplainedObjective, ExplainedSet, Explanation } from './explanation.ts'
import { html, type Markup, preformatted } from './markup.ts'
import { formatNumber, withUnit } from './number-format.ts'
import { bullet, shape, sparkline } from './report-charts.ts'
import {
  baselineText,
  capitalised,
  changeText,
  measuredText,
  pointsText,
  statusWord,
} from './report-words.ts'
import { webLink } from './web-link.ts'

/** One cause with everything there is about it. */
export function causeCard(
  objective: ExplainedObjective,
  rank: number,
  cost: string | null,
  runName: (id: string) => Markup,
): Markup {
  const state = stateOf(objective)
  const { name, keySli, margin } = objective
  const compared = baselineText(objective)
  return html`<li class="panel cause ${state}">
<h3><span class="rank">${rank + 1}</span> ${shape(state)} <span>${name}</span> <span class="word">${statusWord(objective)}</span>${
    keySli ? html` <span class="tag">key indicator</span>` : null
  }</h3>
<div class="sides"><div class="told">
${judgedBy(objective)}
<p>${margin === null ? null : html`${capitalised(margin.text)}. `}${cost === null ? null : html`<span class="cost">${capitalised(cost)}.</span>`}</p>
${compared === null ? null : comparison(objective, compared, runName)}
${sourceOf(objective)}
</div>${chartsOf(objective)}</div></li>
`
}

/** Each criterion with its arithmetic on a line of its own; why there is nothing to judge. */
function judgedBy({ measurement, reason, pass, warning }: ExplainedObjective): Markup {
  if (measurement.kind !== 'measured') return html`<p class="arith">${measurement.message}</p>`
  const sets = [...setLines(pass ?? [], null), ...setLines(warning ?? [], 'warning')]
  return sets.length === 0
    ? html`<p class="arith">${reason}</p>`
    : html`<ul class="arith">${sets}</ul>`
}

function setLines(sets: readonly ExplainedSet[], label: string | null): readonly Markup[] {
  return sets.flatMap((set, index) =>
    set.criteria.map(({ arithmetic, satisfied, criterion }, position) => {
      const or = index > 0 && position === 0 ? html`<span class="quiet">or </span>` : null
      const before = label === null ? or : html`${or}<span class="quiet">${label}: </span>`
      return html`<li>${shape(satisfied ? 'pass' : 'fail')} <span>${before}<code>${arithmetic || criterion}</code></span></li>`
    }),
  )
}

/** The baseline, and the runs it was made of. */
function comparison(
  { baseline, unit }: ExplainedObjective,
  compared: string,
  runName: (id: string) => Markup,
): Markup {
  const runs = (baseline?.runs ?? []).map((run) => {
    const value = withUnit(formatNumber(run.value), unit)
    return html`<li>${value} <span class="quiet">${runName(run.id)}</span></li>
`
  })
  return html`<details><summary>Compared with ${compared}</summary>
<ul class="runs small">
${runs}</ul></details>`
}

/** What was asked, of whom, and where to look. */
function sourceOf({ provider, query, link, remarks }: ExplainedObjective): Markup {
  const address = webLink(link)
  const name = provider ?? 'the provider'
  return html`${remarks.map((remark) => html`<p class="quiet small">${remark}</p>`)}${
    address === undefined
      ? null
      : html`<p class="small"><a href="${address}" rel="noopener noreferrer">Open in ${name}</a></p>`
  }${
    query === null
      ? null
      : html`<details><summary>Query sent to ${name}</summary><pre>${preformatted(query)}</pre></details>`
  }`
}

function chartsOf(objective: ExplainedObjective): Markup | null {
  const bar = bullet(objective)
  const course = sparkline(objective)
  if (bar === null && course === null) return null
  return html`<div class="charts">${
    bar === null ? null : html`<figure>${bar}<figcaption>${legend(objective)}</figcaption></figure>`
  }${
    course === null
      ? null
      : html`<figure>${course}<figcaption>its course in the window; judged by: ${objective.series?.of ?? ''}</figcaption></figure>`
  }</div>`
}

/** `312 ms; line: the limit; dots: 250 ms before`. */
function legend({ measurement, baseline, unit }: ExplainedObjective): string {
  const value = measurement.kind === 'measured' ? measurement.text : ''
  const tick =
    baseline === null ? '' : `; dots: ${withUnit(formatNumber(baseline.value), unit)} before`
  return `${value}; line: the limit${tick}`
}

const HEADS = [
  'result',
  'indicator',
  'measured',
  'how it was judged',
  'baseline',
  'points',
] as const

/** Everything that was looked at, in the order of slo.yaml. */
export function objectiveTable({ objectives }: Explanation): Markup | null {
  if (objectives.length === 0) return null
  return html`<section class="panel"><h2>All objectives</h2>
<table>
<thead><tr>${HEADS.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${objectives.map(tableRow)}</tbody>
</table></section>`
}

function tableRow(objective: ExplainedObjective): Markup {
  const state = stateOf(objective)
  const { name, keySli, reason, margin, baseline, measurement } = objective
  const address = webLink(objective.link)
  const title =
    address === undefined
      ? html`${name}`
      : html`<a href="${address}" rel="noopener noreferrer">${name}</a>`
  const change = changeText(baseline?.changePercent ?? null)
  const isMeasured = measurement.kind === 'measured'
  const isSpare = margin !== null && isMeasured
  return html`<tr>
<td class="${state}"><div>${shape(state)} <span class="word">${statusWord(objective)}</span></div></td>
<td class="free"><div><span class="name">${title}</span>${keySli ? html` <span class="tag">key</span>` : null}</div></td>
<td data-head="measured"${{ markup: isMeasured ? '' : ' class="empty"' }}><div class="value">${measuredText(objective)}</div></td>
<td data-head="judged" class="free wide"><div>${reason}${isSpare ? html`<div class="quiet small">${margin.text}</div>` : null}</div></td>
<td data-head="baseline"${{ markup: baseline === null ? ' class="empty"' : '' }}><div>${
    baseline === null
      ? '–'
      : html`${formatNumber(baseline.value)}${change === null ? null : html`<div class="quiet small">${change}</div>`}`
  }</div></td>
<td data-head="points"><div>${pointsText(objective)}</div></td>
</tr>
`
}

type State = Parameters<typeof shape>[0]

/** No value is a state of its own: nobody knows whether it held. */
function stateOf({ status, measurement, pass }: ExplainedObjective): State {
  return measurement.kind !== 'measured' && pass !== null ? 'none' : status
}
