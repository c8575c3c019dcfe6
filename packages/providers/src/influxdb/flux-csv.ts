import { parse } from 'csv-parse/sync'

/** A table of an answer to Flux, or the error that stands in its place. */
export type FluxTable = {
  readonly columns: readonly string[]
  /** Cells are text, as CSV has them. */
  readonly rows: readonly (readonly string[])[]
}

/**
 * Annotated CSV (docs.influxdata.com, reference/syntax/annotated-csv): blocks with a header row each, separated by an empty line or by
 * the annotations of the next one; inside a block `result` and `table` say which table a row belongs to. Undefined for a text that is
 * something else. An answer without any table is an empty line.
 */
export function parseAnnotatedCsv(text: string): readonly FluxTable[] | undefined {
  if (text === '') return undefined
  const records = recordsOf(text)
  if (records === undefined) return undefined
  const tables: FluxTable[] = []
  let header: readonly string[] | undefined
  let rows = new Map<string, string[][]>()
  const finish = () => {
    for (const group of rows.values()) tables.push({ columns: header ?? [], rows: group })
    header = undefined
    rows = new Map()
  }
  for (const record of records) {
    if (record.length === 1 && record[0] === '') finish()
    else if (record[0]?.startsWith('#')) {
      if (header !== undefined) finish()
    } else if (header === undefined) {
      if (!isHeader(record)) return undefined
      header = record
    } else {
      if (record.length !== header.length) return undefined
      const key = JSON.stringify(['result', 'table'].map((name) => cell(header, record, name)))
      const group = rows.get(key)
      if (group === undefined) rows.set(key, [record])
      else group.push(record)
    }
  }
  finish()
  return tables
}

/** The text in a column; undefined where there is no such column. */
export function cell(
  columns: readonly string[] | undefined,
  row: readonly string[],
  name: string,
): string | undefined {
  const index = columns?.indexOf(name) ?? -1
  return index < 0 ? undefined : row[index]
}

/** Pages of proxies are no CSV, and no table of Flux either. */
function isHeader(record: readonly string[]): boolean {
  const isError = record.includes('error') && record.includes('reference')
  return isError || (record.includes('result') && record.includes('table'))
}

function recordsOf(text: string): readonly string[][] | undefined {
  try {
    return parse(text, { relax_column_count: true, skip_empty_lines: false })
  } catch {
    return undefined
  }
}
