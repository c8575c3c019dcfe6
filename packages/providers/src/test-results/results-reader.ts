import type { Position, Problem } from '@tiphys/contract/problem.ts'
import type { TestResults } from '@tiphys/contract/test-results.ts'

/**
 * Reads one file of a test tool piece by piece, in memory that does not grow with the file (JUnit XML, JMeter) or is bounded (JSON).
 * Pure: text in, results out.
 */
export interface ResultsReader {
  /** The next piece, cut anywhere between two characters. Answers false when the rest need not be read: `end` says why. */
  write(text: string): boolean
  /** Once, after the last piece. */
  end(): ReadResults
}

export type ReadResults =
  | {
      readonly ok: true
      readonly results: TestResults
      /** Names of the first tests that failed, for a sentence about them. */
      readonly failed: readonly string[]
    }
  /** The file is not what its format says. One sentence with its place; there are no half results. */
  | { readonly ok: false; readonly problem: Problem }

/** Tests, suites, samplers and metrics that have figures of their own: they travel in the data of every later event. */
export const MAX_NAMED = 40
/** Longer names are cut: they are keys, and parts of an indicator's name. */
const MAX_NAME_CHARACTERS = 120
const MAX_FAILED_NAMES = 10

/** What is wrong with a file, thrown while its pieces are read and caught by `readerOf`. */
export class ResultsFault extends Error {
  override readonly name = 'ResultsFault'
  readonly place: Position

  constructor(message: string, place: Position = START_OF_FILE) {
    super(message)
    this.place = place
  }
}

export const START_OF_FILE: Position = { line: 1, column: 1 }

export type Folding = {
  take(text: string): void
  finish(): { readonly results: TestResults; readonly failed?: readonly string[] }
}

/** A reader out of something that throws ResultsFault, with a limit on what it takes. */
export function readerOf(file: string, maxCharacters: number, folding: Folding): ResultsReader {
  let characters = 0
  let fault: ResultsFault | undefined

  function attempt(work: () => void): void {
    try {
      work()
    } catch (thrown) {
      if (!(thrown instanceof ResultsFault)) throw thrown
      fault ??= thrown
    }
  }

  return {
    write(text) {
      if (fault !== undefined) return false
      const piece = characters === 0 ? text.replace(/^\uFEFF/, '') : text
      characters += text.length
      attempt(() => {
        if (characters > maxCharacters) throw new ResultsFault(tooLong(maxCharacters))
        folding.take(piece)
      })
      return fault === undefined
    },
    end() {
      let finished: ReturnType<Folding['finish']> | undefined
      if (fault === undefined) {
        attempt(() => {
          if (characters === 0) throw new ResultsFault('the file is empty')
          finished = folding.finish()
        })
      }
      if (finished !== undefined) {
        return { ok: true, results: finished.results, failed: finished.failed ?? [] }
      }
      const { message, place } = fault ?? new ResultsFault('the file cannot be read')
      return { ok: false, problem: { severity: 'error', file, ...place, message } }
    },
  }
}

function tooLong(maxCharacters: number): string {
  return `the file is longer than the ${maxCharacters / 1_000_000} MB that are read of it`
}

/** A name as a key that a path like `targets["…"]` can hold: no control characters and double quotes, and not endless. */
export function keyOf(name: string): string {
  const plain = name
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .replaceAll('"', "'")
    .trim()
    .slice(0, MAX_NAME_CHARACTERS)
  return plain === '' || plain === '__proto__' ? 'unnamed' : plain
}

/** Gathers the first few names. */
export function failedNames(): { add(name: string): void; list(): readonly string[] } {
  const names: string[] = []
  return {
    add: (name) => {
      if (names.length < MAX_FAILED_NAMES) names.push(keyOf(name))
    },
    list: () => names,
  }
}

/** Figures of test results are counted and measured in at most thousandths. */
export function rounded(value: number): number {
  const decimals = 1_000
  return Math.round(value * decimals) / decimals
}
