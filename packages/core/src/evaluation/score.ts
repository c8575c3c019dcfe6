import type { Result } from '@tiphys/contract/event.ts'
import { parsePercentage, type SloTotalScore } from '../slo/slo.ts'

export type ScoreInput = {
  readonly indicators: readonly { readonly score: number; readonly passTargetCount: number }[]
  /** Sum of the weights of all objectives with pass criteria. */
  readonly maximumScore: number
  readonly totalScore: SloTotalScore
  /** The key indicator that vetoes, if any. */
  readonly keyFailure: { readonly name: string; readonly message: string } | undefined
}

export type ScoreResult =
  | {
      readonly ok: true
      readonly result: Result
      /** Percent of the maximum, unrounded. */
      readonly score: number
      /** Empty for a pass. */
      readonly message: string
    }
  | { readonly ok: false; readonly message: string }

const PERCENT = 100

/** The total of an evaluation, in Keptn's words (facts/keptn-v1.md 3.6). */
export function totalScore(input: ScoreInput): ScoreResult {
  const needed = parsePercentage(input.totalScore.pass)
  if (needed === undefined) return { ok: false, message: 'could not parse pass target percentage' }
  const hasWarning = input.totalScore.warning !== ''
  const warning = parsePercentage(input.totalScore.warning)
  if (hasWarning && warning === undefined) {
    return { ok: false, message: 'could not parse warning target percentage' }
  }

  const nothingToReach = input.maximumScore === 0
  if (input.keyFailure !== undefined) {
    const score = nothingToReach ? 0 : scoreOf(input)
    return { ok: true, result: 'fail', score, message: keyMessage(input.keyFailure) }
  }
  if (nothingToReach) return { ok: true, result: 'pass', score: PERCENT, message: '' }

  const score = scoreOf(input)
  if (score >= needed) return { ok: true, result: 'pass', score, message: '' }
  if (warning === undefined) {
    const message = `Evaluation failed since the calculated score of ${score} is below the target value of ${needed}`
    return { ok: true, result: 'fail', score, message }
  }
  if (score >= warning) {
    const message = `Evaluation returned a warning: the calculated score of ${score} is close to the warning target value of ${warning}`
    return { ok: true, result: 'warning', score, message }
  }
  const message = `Evaluation failed since the calculated score of ${score} is below the warning value of ${warning}`
  return { ok: true, result: 'fail', score, message }
}

function scoreOf({ indicators, maximumScore }: ScoreInput): number {
  const reached = indicators
    .filter((indicator) => indicator.passTargetCount > 0)
    .reduce((sum, indicator) => sum + indicator.score, 0)
  return PERCENT * (reached / maximumScore)
}

function keyMessage({ name, message }: { name: string; message: string }): string {
  return `Evaluation failed due to key_sli objective '${name}': ${message}`
}
