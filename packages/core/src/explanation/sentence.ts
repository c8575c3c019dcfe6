import type { EvaluationOutcome } from '../evaluation/evaluation.ts'
import type {
  ExplainedCause,
  ExplainedObjective,
  ExplainedScore,
  Subject,
  Verdict,
} from './explanation.ts'
import { formatNumber, plural } from './number-format.ts'

/** Everything a sentence about a verdict is made of. */
export type Said = {
  readonly verdict: Verdict
  readonly subject: Subject
  readonly objectives: readonly ExplainedObjective[]
  readonly causes: readonly ExplainedCause[]
  readonly score: ExplainedScore | null
  readonly cause: EvaluationOutcome['cause'] | 'ended'
  readonly message: string
}

/** The verdict in one sentence (two where a key indicator decided alone): who, where, and because of which number. */
export function verdictSentence(said: Said): string {
  switch (said.verdict) {
    case 'none':
      return noVerdictSentence(said)
    case 'pass':
      return passedSentence(said)
    case 'warning':
      return `${who(said.subject)} passed with a warning${where(said.subject)} because ${costs(said)}.`
    case 'fail':
      return failedSentence(said)
  }
}

function passedSentence(said: Said): string {
  const { subject, score, message } = said
  const passed = `${who(subject)} passed${where(subject)}`
  if (score === null) return `${passed}: ${sentenceEnd(message)}`
  if (score.maximumPoints === 0) return `${passed}: no objective is scored.`
  return `${passed} with ${formatNumber(score.value)} of ${formatNumber(score.needed)} needed.`
}

function failedSentence(said: Said): string {
  const { subject, cause, message, causes, score } = said
  const failed = `${who(subject)} failed${where(subject)} because`
  switch (cause) {
    case 'no-objectives':
      return `${failed} slo.yaml names no objectives.`
    case 'slo-invalid':
      return `${failed} slo.yaml cannot be evaluated: ${sentenceEnd(message)}`
    case 'provider-failed':
    case 'no-value':
    case 'ended':
      return `${failed} ${sentenceEnd(message)}`
    case 'scored': {
      const vetoes = causes.some(({ veto }) => veto)
      const wouldHold = vetoes && score !== null && score.value >= (score.warning ?? score.needed)
      const veto = wouldHold ? ' It is a key indicator, so the score cannot save it.' : ''
      return `${failed} ${costs(said)}.${veto}`
    }
  }
}

function noVerdictSentence({ subject, objectives, cause, message }: Said): string {
  const about = subject.service === null ? '' : ` for ${who(subject)}${where(subject)}`
  if (cause === 'no-value') {
    const [first] = objectives
    const only = objectives.length === 1 && first !== undefined
    const none = only
      ? `${first.name} has no value (${causeOf(first)})`
      : `none of ${plural(objectives.length, 'indicator')} has a value (${commonCause(objectives)})`
    return `No verdict${about}: ${none}.`
  }
  return `No verdict${about}: ${sentenceEnd(message)}`
}

/** What to do where there is no verdict. */
export function adviceFor({ verdict, objectives, cause }: Said): string | null {
  if (verdict !== 'none' || cause !== 'no-value') return null
  const problems = new Set(
    objectives.flatMap(({ measurement }) =>
      measurement.kind === 'measured' ? [] : [measurement.problem ?? measurement.kind],
    ),
  )
  if (problems.has('auth-refused'))
    return 'Give the provider credentials that are accepted, then evaluate again.'
  if (problems.has('unreachable'))
    return 'See that the provider is reachable from here, then evaluate again.'
  if (problems.has('no-data') || problems.has('missing')) {
    return 'See that the service was used within the window, and that the queries name its metrics; then evaluate again.'
  }
  return 'Correct what the provider complains about, then evaluate again.'
}

/** The cause that costs most, then how many more there are. */
function costs({ causes }: Said): string {
  const [worst, ...others] = causes
  if (worst === undefined) return 'the score is too low'
  const more = others.length === 0 ? '' : `, and ${others.length} more`
  return `${worst.text}${more}`
}

function causeOf({ measurement }: ExplainedObjective): string {
  return measurement.kind === 'measured' ? '' : measurement.message
}

/** One message where all say the same, else the first with the name of its indicator. */
function commonCause(objectives: readonly ExplainedObjective[]): string {
  const [first] = objectives
  if (first === undefined) return ''
  const isCommon = objectives.every((objective) => causeOf(objective) === causeOf(first))
  return isCommon ? causeOf(first) : `${first.name}: ${causeOf(first)}`
}

function who({ service, version }: Subject): string {
  if (service === null) return 'The evaluation'
  return version === null ? service : `${service} ${version}`
}

function where({ stage }: Subject): string {
  return stage === null ? '' : ` in ${stage}`
}

function sentenceEnd(message: string): string {
  return message.endsWith('.') ? message : `${message}.`
}
