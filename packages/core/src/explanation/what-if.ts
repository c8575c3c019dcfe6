import type { IndicatorValue } from '@tiphys/contract/evaluation.ts'
import type { PreviousEvaluation } from '../evaluation/baseline.ts'
import { historyLimit, MAX_LEFT_OUT, selectBaseline } from '../evaluation/baseline-selection.ts'
import {
  type ChosenRuns,
  type EvaluationOutcome,
  evaluateAgainst,
} from '../evaluation/evaluation.ts'
import type { Slo, SloComparison } from '../slo/slo.ts'
import type { Explanation } from './explanation.ts'
import { plural } from './number-format.ts'
import { measuredValues, reexplain, type StoredReport, selectionOf } from './recompute.ts'
import { changeOf, type VerdictChange } from './verdict-change.ts'

export type WhatIfInput = {
  /** With the slo.yaml that it was judged by. */
  readonly report: StoredReport
  readonly edited: Slo
  /** Newest first, unfiltered: what `edited` chooses from. Left out: what was compared with then. */
  readonly history?: readonly PreviousEvaluation[]
  /** Of the evaluated run. */
  readonly labels?: Readonly<Record<string, string>>
}

export type WhatIf = {
  readonly outcome: EvaluationOutcome
  readonly explanation: Explanation
  readonly change: VerdictChange
}

/** The verdict that another slo.yaml would have come to on the same measured values. Pure; nothing is measured or stored. */
export function whatIf({ report, edited, history, labels }: WhatIfInput): WhatIf {
  const { evaluation, explanation } = report
  const { providerFailure } = explanation
  const selection =
    history === undefined
      ? chosenThen(report, edited.comparison)
      : selectBaseline(history, edited.comparison, labels)
  const outcome = evaluateAgainst(
    {
      slo: edited,
      values: valuesFor(edited, report),
      ...(providerFailure !== null && { providerFailure }),
    },
    selection,
  )
  const bare = reexplain({ slo: edited, evaluation, explanation: withoutNotes(report) }, outcome)
  const change = changeOf(explanation, bare)
  const sentences = change.objectives.flatMap(({ change: how, text }) =>
    how === 'same' ? [] : [text],
  )
  return {
    outcome,
    change,
    explanation: {
      ...bare,
      sentence: `What if: ${bare.sentence}`,
      notes: [`this verdict is stored nowhere. ${change.sentence}`, ...sentences],
    },
  }
}

/** What was wrong with the file then says nothing about this one. */
function withoutNotes({ explanation }: StoredReport): Explanation {
  return { ...explanation, notes: [] }
}

/** An objective may name what nobody measured, or what was measured when no objective named it. */
function valuesFor(edited: Slo, { evaluation, explanation }: StoredReport): IndicatorValue[] {
  const unkept = new Set(explanation.additionalSlis)
  const values = measuredValues(evaluation, explanation)
  const kept = new Set(values.map(({ metric }) => metric).filter((metric) => !unkept.has(metric)))
  const missing = new Set(edited.objectives.map(({ sli }) => sli).filter((sli) => !kept.has(sli)))
  const explained = [...missing].map((metric) => {
    const message = unkept.has(metric)
      ? `the value of ${metric} was not kept: no objective named it then`
      : `${metric} was not measured then`
    return { metric, value: 0, success: false, message }
  })
  return [...explained, ...values.filter(({ metric }) => !missing.has(metric))]
}

/** The same runs; a `comparison` that was edited may leave out some of them, and cannot bring others in. */
function chosenThen(report: StoredReport, edited: SloComparison): ChosenRuns {
  const then = selectionOf(report.explanation)
  if (isSameChoice(report.slo.comparison, edited)) return then
  const choice = { ...edited, labels: {}, sameLabels: [] }
  const narrowed = selectBaseline(then.compared, choice)
  const notes = [...new Set([...narrowed.notes, ...then.notes])]
  const wanted = historyLimit(edited)
  const isPinned = then.compared.some((run) => run.pinned !== undefined)
  if (!isPinned && wanted > then.compared.length) {
    const had = plural(then.compared.length, 'evaluation')
    notes.push(
      `the file compares with up to ${wanted}, and ${had} were compared with then: choose the baseline anew to look further back`,
    )
  }
  if (!isSameLabels(report.slo.comparison, edited)) {
    notes.push('its labels choose nothing here: choose the baseline anew to compare by them')
  }
  const leftOut = [...narrowed.leftOut, ...then.leftOut].slice(0, MAX_LEFT_OUT)
  return { compared: narrowed.compared, leftOut, notes }
}

function isSameChoice(one: SloComparison, other: SloComparison): boolean {
  return (
    historyLimit(one) === historyLimit(other) &&
    one.includeResultWithScore === other.includeResultWithScore &&
    isSameLabels(one, other)
  )
}

function isSameLabels(one: SloComparison, other: SloComparison): boolean {
  const text = ({ labels, sameLabels }: SloComparison) =>
    JSON.stringify([Object.entries(labels).sort(), [...sameLabels].sort()])
  return text(one) === text(other)
}
