import type { SeriesPoint } from '@tiphys/core/evaluation/series.ts'
import { z } from 'zod'
import { oneLine, unlike } from '../sli/http-sli.ts'
import { failure, NO_DATA, type SliFailure, type SliReading } from '../sli/reading.ts'

const MAX_NAMED = 3

const Unit = z.looseObject({
  name: z.string().nullish(),
  short_name: z.string().nullish(),
})
/** What is measured, and per what: `[byte, second]`. */
const Units = z.array(Unit.nullable()).nullish()
const Numbers = z.array(z.number().nullable())

/** `GET /api/v1/query`: status, error, and one entry for each group. */
const Points = z.looseObject({
  status: z.string(),
  error: z.string().nullish(),
  series: z
    .array(
      z.looseObject({
        scope: z.string().nullish(),
        unit: Units,
        pointlist: z.array(Numbers),
      }),
    )
    .nullish(),
})
/** `POST /api/v2/query/timeseries`: the times once, and for each series its values. */
const Timeseries = z.looseObject({
  data: z.looseObject({
    type: z.literal('timeseries_response'),
    attributes: z.looseObject({
      series: z.array(z.looseObject({ group_tags: z.array(z.string()).nullish(), unit: Units })),
      times: z.array(z.number()),
      values: z.array(Numbers),
    }),
  }),
})
/** `POST /api/v2/query/scalar`: columns, first those of the groups, then that of the formula. */
const Scalar = z.looseObject({
  data: z.looseObject({
    type: z.literal('scalar_response'),
    attributes: z.looseObject({
      columns: z.array(
        z.discriminatedUnion('type', [
          z.looseObject({ type: z.literal('group'), values: z.array(z.array(z.string())) }),
          z.looseObject({
            type: z.literal('number'),
            values: Numbers,
            meta: z.looseObject({ unit: Units }).nullish(),
          }),
        ]),
      ),
    }),
  }),
})
/** Lists of texts or of JSON:API errors where the status says it too; a text where it does not. */
const Errors = z.looseObject({
  errors: z.union([
    z.string(),
    z.array(
      z.union([
        z.string(),
        z.looseObject({ title: z.string().optional(), detail: z.string().optional() }),
      ]),
    ),
  ]),
})

/** What Datadog answered to a question of datadog-question.ts. */
export function readDatadog(body: unknown): SliReading {
  const words = complaintOf(body)
  if (words !== undefined)
    return failure('query-refused', `Datadog refused the query: ${oneLine(words)}`)
  const points = Points.safeParse(body)
  if (points.success) return readPoints(points.data)
  const timeseries = Timeseries.safeParse(body)
  if (timeseries.success) return readTimeseries(timeseries.data.data.attributes)
  const scalar = Scalar.safeParse(body)
  return scalar.success ? readScalar(scalar.data.data.attributes.columns) : unlike('Datadog', body)
}

/** Datadog's own words, in whichever of its forms. */
export function complaintOf(body: unknown): string | undefined {
  const points = Points.safeParse(body)
  if (points.success && points.data.status === 'error') {
    return points.data.error || 'it says no more than status error'
  }
  const parsed = Errors.safeParse(body)
  if (!parsed.success) return undefined
  const { errors } = parsed.data
  const texts = (typeof errors === 'string' ? [errors] : errors).map((one) =>
    typeof one === 'string' ? one : (one.detail ?? one.title ?? ''),
  )
  return texts.filter((text) => text !== '').join('; ') || undefined
}

function readPoints({ series }: z.infer<typeof Points>): SliReading {
  const [first, second] = series ?? []
  if (first === undefined) return NO_DATA
  if (second !== undefined) return several((series ?? []).map(({ scope }) => scope ?? ''))
  const points = first.pointlist.flatMap(([timeMs, value]): SeriesPoint[] =>
    isNumber(timeMs) && isNumber(value) ? [[timeMs, value]] : [],
  )
  return { kind: 'series', points, unit: unitOf(first.unit) }
}

function readTimeseries({
  series,
  times,
  values,
}: z.infer<typeof Timeseries>['data']['attributes']): SliReading {
  const [first, second] = values
  if (first === undefined) return NO_DATA
  if (second !== undefined) return several(series.map((one) => (one.group_tags ?? []).join(',')))
  const points = times.flatMap((timeMs, index): SeriesPoint[] => {
    const value = first[index]
    return isNumber(value) ? [[timeMs, value]] : []
  })
  return { kind: 'series', points, unit: unitOf(series[0]?.unit) }
}

function readScalar(columns: z.infer<typeof Scalar>['data']['attributes']['columns']): SliReading {
  const numbers = columns.find((column) => column.type === 'number')
  const groups = columns.filter((column) => column.type === 'group')
  const rows = (numbers?.values ?? []).flatMap((value, row) => {
    const name = groups.flatMap(({ values }) => values[row] ?? []).join(',')
    return isNumber(value) ? [{ value, name }] : []
  })
  const [first, second] = rows
  if (numbers === undefined || first === undefined) return NO_DATA
  if (second !== undefined) return several(rows.map(({ name }) => name))
  return { kind: 'scalar', value: first.value, unit: unitOf(numbers.meta?.unit) }
}

function several(names: readonly string[]): SliFailure {
  const shown = names.filter((name) => name !== '').slice(0, MAX_NAMED)
  const more =
    shown.length === 0 ? '' : ` (${shown.join('; ')}${names.length > shown.length ? '; …' : ''})`
  const message = `query did return ${names.length} series${more}; without "by" it is one`
  return failure('several-values', message)
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number'
}

/** `%`, `ms`, `B/s`. */
function unitOf(units: z.infer<typeof Units>): string | undefined {
  const [of, per] = (units ?? []).map((unit) => unit?.short_name || unit?.name || undefined)
  if (of === undefined) return undefined
  return per === undefined ? of : `${of}/${per}`
}
