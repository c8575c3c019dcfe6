import {
  type CommitInfo,
  type DesiredChange,
  EFFECT_TRAILER,
  ROLLBACK_TRAILER,
  RUN_TRAILER,
} from '../../ports/desired-state.ts'

const SUBJECT_CHARACTERS = 72
const BODY_CHARACTERS = 4_000
/** Trailers are read line by line: a value with a line break would be another trailer. */
const TRAILER_VALUE = /^[^\s\p{Cc}]{1,200}$/u

/** Subject, body and our trailers. A value that is no trailer is a fault of the caller. */
export function commitMessage(change: DesiredChange): string {
  const trailers: [string, string][] = [[RUN_TRAILER, change.runId]]
  if (change.rollbackOf !== undefined) trailers.push([ROLLBACK_TRAILER, change.rollbackOf])
  trailers.push([EFFECT_TRAILER, change.key])
  for (const [name, value] of trailers) {
    if (!TRAILER_VALUE.test(value))
      throw new TypeError(`${JSON.stringify(value)} is no value of the trailer ${name}`)
  }
  const paragraphs = [subjectOf(change.subject), bodyOf(change.body ?? '')]
  const lines = trailers.map(([name, value]) => `${name}: ${value}`)
  return `${[...paragraphs.filter((text) => text !== ''), lines.join('\n')].join('\n\n')}\n`
}

function subjectOf(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim() || 'Change the desired state'
  return line.length > SUBJECT_CHARACTERS ? `${line.slice(0, SUBJECT_CHARACTERS - 1)}…` : line
}

function bodyOf(text: string): string {
  return text
    .slice(0, BODY_CHARACTERS)
    .replaceAll(/[^\P{Cc}\n]+/gu, ' ')
    .trim()
}

const UNIT = '\x1f'
const RECORD = '\x1e'

function trailerField(name: string): string {
  return `%(trailers:key=${name},valueonly,separator=%x20)`
}

/** `git log --format=…` for `parseCommits`. */
export const COMMIT_FORMAT = `--format=${[
  '%H',
  '%s',
  '%an <%ae>',
  '%ct',
  trailerField(RUN_TRAILER),
  trailerField(ROLLBACK_TRAILER),
  trailerField(EFFECT_TRAILER),
].join('%x1f')}%x1e`

export function parseCommits(output: string): CommitInfo[] {
  return output
    .split(RECORD)
    .map((record) => record.trim())
    .filter((record) => record !== '')
    .map((record) => {
      const [commitId = '', subject = '', author = '', seconds = '', ...trailers] =
        record.split(UNIT)
      const [runId, rollbackOf, key] = trailers.map(firstWord)
      return {
        commitId,
        subject,
        author,
        timeMs: Number(seconds) * 1_000,
        ...(runId ? { runId } : {}),
        ...(rollbackOf ? { rollbackOf } : {}),
        ...(key ? { key } : {}),
      }
    })
}

/** A commit that was squashed from several can carry a trailer more than once; the first is the oldest. */
function firstWord(text: string): string {
  return text.trim().split(/\s+/)[0] ?? ''
}
