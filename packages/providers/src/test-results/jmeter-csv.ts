import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { createCsvRecords } from './csv-records.ts'
import type { JmeterSample } from './jmeter-samples.ts'
import { keyOf, ResultsFault } from './results-reader.ts'

/**
 * Columns in the order of JMeter's defaults, which is what a JTL without a header line has
 * (https://jmeter.apache.org/usermanual/listeners.html, "CSV Log format").
 */
const DEFAULT_COLUMNS = [
  'timeStamp',
  'elapsed',
  'label',
  'responseCode',
  'responseMessage',
  'threadName',
  'dataType',
  'success',
  'failureMessage',
  'bytes',
  'sentBytes',
  'grpThreads',
  'allThreads',
  'URL',
  'Latency',
  'IdleTime',
  'Connect',
]
const NEEDED = ['elapsed', 'label', 'success'] as const
/** What `jmeter.save.saveservice.default_delimiter` is set to where it is not the comma. */
const DELIMITERS = [',', ';', '\t', '|']

type Columns = { readonly [name: string]: number | undefined }

/** Reads the lines of a JTL; `onSample` is called for each. Throws ResultsFault with the line. */
export function createJmeterCsv(onSample: (sample: JmeterSample) => void): {
  write(text: string): void
  end(): void
} {
  let head = ''
  let columns: Columns | undefined
  let records: ReturnType<typeof createCsvRecords> | undefined

  function onRecord(fields: readonly string[], line: number): void {
    if (columns === undefined) {
      const header = headerOf(fields, line)
      columns = columnsOf(header ?? DEFAULT_COLUMNS)
      if (header !== undefined) return
    }
    onSample(sampleOf(fields, columns, line))
  }

  function begin(text: string): void {
    records = createCsvRecords(delimiterOf(text), onRecord)
    records.write(text)
    head = ''
  }

  return {
    write(text) {
      if (records !== undefined) return records.write(text)
      // The first line tells the delimiter.
      head += text
      if (head.includes('\n') || head.length > MAX_HEAD_CHARACTERS) begin(head)
    },
    end() {
      if (records === undefined) begin(head)
      records?.end()
    },
  }
}

/** A first line longer than this is no header. */
const MAX_HEAD_CHARACTERS = 100_000

function delimiterOf(text: string): string {
  const first = text.split('\n', 1)[0] ?? ''
  const counts = DELIMITERS.map((delimiter) => first.split(delimiter).length)
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ','
}

/** A first record whose elapsed time is a number is a sample, and there is no header. */
function headerOf(fields: readonly string[], line: number): readonly string[] | undefined {
  const names = fields.map((field) => field.trim())
  const missing = NEEDED.filter((name) => !names.includes(name))
  if (missing.length === 0) return names
  const elapsed = DEFAULT_COLUMNS.indexOf('elapsed')
  if (/^\d+$/.test(names[elapsed] ?? '') && names.length > DEFAULT_COLUMNS.indexOf('success')) {
    return undefined
  }
  const [name = ''] = missing
  const meant = didYouMean(name, names)
  const hint = meant === undefined ? `found ${keyOf(names.join(', '))}` : `found ${meant}`
  throw new ResultsFault(
    `is no JTL of JMeter: expected a column ${name} in the first line, ${hint}`,
    { line, column: 1 },
  )
}

function columnsOf(names: readonly string[]): Columns {
  return Object.fromEntries(names.map((name, index) => [name, index]))
}

function sampleOf(fields: readonly string[], columns: Columns, line: number): JmeterSample {
  const field = (name: string) => fields[columns[name] ?? fields.length] ?? ''
  const elapsed = field('elapsed')
  if (!/^-?\d{1,12}$/.test(elapsed)) throw wrongField('elapsed', 'milliseconds', elapsed, line)
  const success = field('success').toLowerCase()
  if (success !== 'true' && success !== 'false') {
    throw wrongField('success', 'true or false', field('success'), line)
  }
  const timeStamp = field('timeStamp')
  return {
    label: field('label'),
    startMs: /^\d{1,15}$/.test(timeStamp) ? Number(timeStamp) : undefined,
    elapsedMs: Math.max(0, Number(elapsed)),
    responseCode: field('responseCode'),
    isSuccess: success === 'true',
  }
}

function wrongField(name: string, expected: string, found: string, line: number): ResultsFault {
  const shown = JSON.stringify(found.slice(0, 60))
  return new ResultsFault(`${name} is ${shown}: expected ${expected}`, { line, column: 1 })
}
