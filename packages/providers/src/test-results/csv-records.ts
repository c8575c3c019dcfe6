import { parse } from 'csv-parse/sync'
import { ResultsFault } from './results-reader.ts'

/** A record that is longer than this is a quote that nobody closed. */
const MAX_RECORD_CHARACTERS = 1_000_000
const MAX_SENTENCE_CHARACTERS = 200

export type CsvRecords = {
  write(text: string): void
  end(): void
}

/**
 * Records of a CSV file that comes in pieces. A piece is cut behind the last line end that stands outside of quotes, and what is
 * complete goes to the parser, so that memory does not grow with the file. `onRecord` gets the line at which the record begins.
 */
export function createCsvRecords(
  delimiter: string,
  onRecord: (fields: readonly string[], line: number) => void,
): CsvRecords {
  let rest = ''
  /** Up to where `rest` was looked through, and whether that is inside of quotes. */
  let scanned = 0
  let isQuoted = false
  let line = 1

  function write(text: string): void {
    rest += text
    let complete = 0
    for (; scanned < rest.length; scanned++) {
      const code = rest.charCodeAt(scanned)
      if (code === QUOTE) isQuoted = !isQuoted
      else if (code === LINE_FEED && !isQuoted) complete = scanned + 1
    }
    if (complete > 0) {
      flush(rest.slice(0, complete))
      rest = rest.slice(complete)
      scanned = rest.length
    }
    if (rest.length > MAX_RECORD_CHARACTERS) {
      throw new ResultsFault('a quote is opened here and never closed', { line, column: 1 })
    }
  }

  function flush(text: string): void {
    const startLine = line
    let seen = 0
    for (const { record, info } of parsed(text, delimiter, startLine)) {
      onRecord(record, startLine + seen)
      seen = info.lines
    }
    line = startLine + linesIn(text)
  }

  return {
    write,
    end: () => {
      if (isQuoted)
        throw new ResultsFault('a quote is opened here and never closed', { line, column: 1 })
      if (rest !== '') flush(rest)
    },
  }
}

const QUOTE = 0x22
const LINE_FEED = 0x0a

type Parsed = { readonly record: readonly string[]; readonly info: { readonly lines: number } }

function parsed(text: string, delimiter: string, startLine: number): readonly Parsed[] {
  try {
    // Records need not have the same number of fields: JMeter's configuration may change within one file.
    const options = { delimiter, info: true, relax_column_count: true, skip_empty_lines: true }
    return parse(text, options) as unknown as readonly Parsed[]
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown
    const lines = (thrown as { lines?: unknown }).lines
    const line = startLine + (typeof lines === 'number' ? Math.max(0, lines - 1) : 0)
    const words = thrown.message.slice(0, MAX_SENTENCE_CHARACTERS)
    throw new ResultsFault(`this is not valid CSV: ${words}`, { line, column: 1 })
  }
}

function linesIn(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1
  return count
}
