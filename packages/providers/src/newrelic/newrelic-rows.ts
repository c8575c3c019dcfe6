import type { SeriesPoint } from '@tiphys/core/evaluation/series.ts'
import { shown } from '../sli/http-sli.ts'
import { failure, NO_DATA, type SliFailure, type SliReading } from '../sli/reading.ts'

type Row = Readonly<Record<string, unknown>>

const MS_PER_SECOND = 1000
const MAX_NAMED = 3
const BEGIN = 'beginTimeSeconds'
/** Of a row, what is no value: the slot of time, the group, and whether it is the window or that of COMPARE WITH. */
const NO_VALUES: ReadonlySet<string> = new Set([
  BEGIN,
  'endTimeSeconds',
  'facet',
  'comparison',
  'inspectedCount',
])

/**
 * One number out of the rows of a query: one row, the rows of TIMESERIES, or those of one group. Of COMPARE WITH only the window's own
 * rows count.
 */
export function readRows(
  all: readonly Row[],
  facets: readonly string[],
  field: string | undefined,
): SliReading {
  const rows = all.filter((row) => row['comparison'] !== 'previous')
  const [first] = rows
  if (first === undefined) return NO_DATA
  const groups = [...new Set(rows.map((row) => groupOf(row, facets)))]
  if (groups.length > 1) return severalGroups(groups)
  if (typeof first[BEGIN] === 'number') return readSeries(rows, facets, field)
  if (rows.length > 1) {
    const message = `query did return ${rows.length} rows; a function like average(…) or count(*) makes one of them`
    return failure('several-values', message)
  }
  const found = oneValue(first, facets, field)
  if ('problem' in found) return found
  return found.value === null ? NO_DATA : { kind: 'scalar', value: found.value }
}

function readSeries(
  rows: readonly Row[],
  facets: readonly string[],
  field: string | undefined,
): SliReading {
  const points: SeriesPoint[] = []
  for (const row of rows) {
    const found = oneValue(row, facets, field)
    if ('problem' in found) return found
    const beginS = row[BEGIN]
    if (typeof beginS === 'number' && found.value !== null) {
      points.push([beginS * MS_PER_SECOND, found.value])
    }
  }
  return { kind: 'series', points: points.toSorted(([left], [right]) => left - right) }
}

/** `null`: there was nothing to measure. */
type Found = { readonly value: number | null } | SliFailure

function oneValue(row: Row, facets: readonly string[], field: string | undefined): Found {
  const values = valuesOf(row, facets)
  if (field !== undefined) {
    const value = values.get(field)
    if (value === undefined) {
      const message = `with.field: there is no ${field}; there are ${named([...values.keys()])}`
      return failure('query-refused', message)
    }
    return numberOf(field, value)
  }
  const [only, second] = values
  if (only === undefined) return { value: null }
  if (second === undefined) return numberOf(...only)
  const message = `query did return ${values.size} values (${named([...values.keys()])}); with: { field: … } names the one`
  return failure('several-values', message)
}

/** By name; those of an object (`percentile.duration: {"95": 1.2}`) as `percentile.duration.95`. */
function valuesOf(row: Row, facets: readonly string[]): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [name, value] of Object.entries(row)) {
    if (NO_VALUES.has(name) || facets.includes(name)) continue
    if (typeof value === 'object' && value !== null) {
      for (const [key, part] of Object.entries(value)) values.set(`${name}.${key}`, part)
    } else values.set(name, value)
  }
  return values
}

function numberOf(name: string, value: unknown): Found {
  if (typeof value === 'number' || value === null) return { value }
  return failure('not-a-number', `${name} is no number: ${shown(JSON.stringify(value) ?? '')}`)
}

function groupOf(row: Row, facets: readonly string[]): string {
  const facet = row['facet'] ?? facets.map((name) => row[name])
  return (Array.isArray(facet) ? facet : [facet]).map(String).join(',')
}

function severalGroups(groups: readonly string[]): SliFailure {
  const message = `query did return ${groups.length} groups (${named(groups)}); without FACET it is one`
  return failure('several-values', message)
}

function named(names: readonly string[]): string {
  const more = names.length > MAX_NAMED ? ', …' : ''
  return `${names.slice(0, MAX_NAMED).join(', ')}${more}`
}
