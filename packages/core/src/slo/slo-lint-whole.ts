import { contradictionOf, leaveOutNothing } from './criteria-logic.ts'
import { parsedSets } from './parsed-sets.ts'
import { parsePercentage, type Slo, type SloObjective } from './slo.ts'
import { type SloFinding, warning } from './slo-finding.ts'

const PERCENT = 100
const HALF = 0.5

/** What all objectives together can reach, and what is asked of them. */
export function lintWhole(slo: Slo): SloFinding[] {
  if (slo.objectives.length === 0) {
    const message = 'there are no objectives: every evaluation fails'
    return [warning('no-objectives', ['objectives'], message), ...lintTotalScore(slo)]
  }
  const scored = slo.objectives.filter(
    (objective) => (objective.pass?.length ?? 0) > 0 && objective.weight > 0,
  )
  if (scored.length === 0) {
    const message = 'no objective has pass criteria and a weight: the score is always 100'
    return [warning('nothing-scored', ['objectives'], message), ...lintTotalScore(slo)]
  }
  return [...lintTotalScore(slo), ...lintReach(slo, scored)]
}

/** The percentages by themselves. */
export function lintTotalScore({ totalScore }: Slo): SloFinding[] {
  const pass = parsePercentage(totalScore.pass)
  const half = totalScore.warning === '' ? undefined : parsePercentage(totalScore.warning)
  const findings: SloFinding[] = []
  if (pass === undefined) findings.push(badPercentage('pass', totalScore.pass))
  if (totalScore.warning !== '' && half === undefined) {
    findings.push(badPercentage('warning', totalScore.warning))
  }
  if (pass !== undefined && pass > PERCENT) {
    const message = `total_score.pass ${totalScore.pass} can never be reached: a score is at most 100`
    findings.push(warning('total-score-impossible', ['total_score', 'pass'], message))
  }
  if (pass !== undefined && pass <= 0) {
    const message = `total_score.pass ${totalScore.pass} is always reached: only a key SLI can fail an evaluation`
    findings.push(warning('total-score-always-reached', ['total_score', 'pass'], message))
  }
  if (pass !== undefined && half !== undefined && half >= pass) {
    const message = `total_score.warning ${totalScore.warning} is not below pass ${totalScore.pass}: no evaluation ever ends with a warning`
    findings.push(warning('total-score-no-warning-band', ['total_score', 'warning'], message))
  } else if (half !== undefined && half <= 0) {
    const message = `total_score.warning ${totalScore.warning} is always reached: only a key SLI can fail an evaluation`
    findings.push(warning('total-score-always-reached', ['total_score', 'warning'], message))
  }
  return findings
}

function badPercentage(key: 'pass' | 'warning', text: string): SloFinding {
  const message = `total_score.${key} ${JSON.stringify(text)} is not a percentage; write it like "90%"`
  return { severity: 'error', code: 'total-score-invalid', path: ['total_score', key], message }
}

/** A score that no values can bring, and what follows for the evaluations that are compared with. */
function lintReach(slo: Slo, scored: readonly SloObjective[]): SloFinding[] {
  const pass = parsePercentage(slo.totalScore.pass)
  const half = parsePercentage(slo.totalScore.warning)
  if (pass === undefined) return []
  const total = scored.reduce((sum, { weight }) => sum + weight, 0)
  const shares = scored.map((objective) => bestShare(objective))
  const best =
    (PERCENT * scored.reduce((sum, { weight }, at) => sum + weight * (shares[at] ?? 1), 0)) / total
  const isVetoed = scored.some((objective) => objective.keySli && alwaysFails(objective))
  const canPass = !isVetoed && best >= pass
  const findings: SloFinding[] = []
  if (!canPass && pass <= PERCENT) {
    const reason = isVetoed
      ? 'a key SLI always fails'
      : `its objectives come to ${rounded(best)} at most`
    const message = `total_score.pass ${slo.totalScore.pass} can never be reached: ${reason}`
    findings.push(warning('total-score-unreachable', ['total_score', 'pass'], message))
  }
  const canWarn = !isVetoed && half !== undefined && best >= half
  return [...findings, ...lintIncluded(slo, { canPass, canWarn })]
}

function rounded(score: number): number {
  return Math.round(score * PERCENT) / PERCENT
}

/** How much of its weight an objective can bring at best: all of it, half of it by a warning, or nothing. */
function bestShare(objective: SloObjective): number {
  // Keptn counts no points where no criterion was judged, and so do we.
  if ((objective.pass ?? []).every((set) => set.length === 0)) return 0
  if (canHold(objective.pass)) return 1
  return canHold(objective.warning) ? HALF : 0
}

function alwaysFails({ pass, warning: half }: SloObjective): boolean {
  return !canHold(pass) && !canHold(half)
}

/** Whether some value satisfies one of the sets; true where that cannot be told. */
function canHold(sets: SloObjective['pass']): boolean {
  const parsed = parsedSets(sets)
  return parsed === undefined || parsed.some((set) => contradictionOf(set) !== 'always')
}

/** `include_result_with_score` that leaves out every evaluation there will ever be. */
function lintIncluded(
  { comparison, objectives }: Slo,
  { canPass, canWarn }: { readonly canPass: boolean; readonly canWarn: boolean },
): SloFinding[] {
  const included = comparison.includeResultWithScore.toLowerCase()
  const isRelative = objectives.some((objective) =>
    [...(parsedSets(objective.pass) ?? []), ...(parsedSets(objective.warning) ?? [])].some(
      (set) => !leaveOutNothing([set]) && set.some((criterion) => criterion.relative),
    ),
  )
  const isNone =
    included === 'pass' ? !canPass : included === 'pass_or_warn' && !canPass && !canWarn
  if (!isNone || !isRelative) return []
  const path = ['comparison', 'include_result_with_score']
  const message = `no evaluation can end as include_result_with_score ${included} asks, so there is never one to compare with, and relative criteria always hold`
  return [warning('comparison-without-runs', path, message)]
}
