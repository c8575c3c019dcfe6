import type { SeriesAggregate } from '@tiphys/contract/sli.ts'
import { boundedSeries, reduceSeries, type SeriesPoint } from '@tiphys/core/evaluation/series.ts'
import {
  measured,
  type SliDetail,
  type SliProblemCode,
  type SliValue,
  unmeasured,
} from '@tiphys/core/evaluation/sli-value.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'

/** What a provider read out of an answer: one number, several over time, or why there is none. */
export type SliReading =
  | ({ readonly kind: 'scalar'; readonly value: number } & SaidBeside)
  | ({
      readonly kind: 'series'
      /** Oldest first, gaps left out. */
      readonly points: readonly SeriesPoint[]
      /** How they become one value, where the file does not say; the provider's usual way unless set. */
      readonly usual?: SeriesAggregate
    } & SaidBeside)
  | SliFailure

type SaidBeside = {
  readonly remarks?: readonly string[]
  /** As the answer tells it, before `scale`. */
  readonly unit?: string | undefined
}

export type SliFailure = {
  readonly kind: 'problem'
  readonly problem: SliProblemCode
  readonly message: string
}

export function failure(problem: SliProblemCode, message: string): SliFailure {
  return { kind: 'problem', problem, message }
}

export const NO_DATA = failure('no-data', 'query did not return any values')

/** From what was read to what is judged: series reduced, scaled, and refused unless finite. */
export function toSliValue(
  indicator: string,
  reading: SliReading,
  detail: SliDetail,
  wish: Pick<SliQuery, 'aggregate' | 'scale'>,
  usual: SeriesAggregate,
): SliValue {
  if (reading.kind === 'problem') {
    return unmeasured(indicator, reading.problem, reading.message, detail)
  }
  const scale = wish.scale ?? 1
  const of = wish.aggregate ?? (reading.kind === 'series' ? reading.usual : undefined) ?? usual
  // What is scaled is no longer in the unit of the answer.
  const unit = detail.unit ?? (scale === 1 ? reading.unit : undefined)
  const said = {
    ...detail,
    ...(unit === undefined ? {} : { unit }),
    ...(reading.remarks?.length ? { remarks: reading.remarks } : {}),
  }
  if (reading.kind === 'scalar') return finite(indicator, reading.value * scale, said)
  const points = reading.points.map(([timeMs, value]) => [timeMs, value * scale] as const)
  const value = reduceSeries(points, of)
  if (value === undefined) return unmeasured(indicator, 'no-data', NO_DATA.message, said)
  const finitePoints = points.filter(([, one]) => Number.isFinite(one))
  return finite(indicator, value, { ...said, series: { points: boundedSeries(finitePoints), of } })
}

function finite(indicator: string, value: number, detail: SliDetail): SliValue {
  if (Number.isFinite(value)) return measured(indicator, value, detail)
  const message = `query did not return valid values: the value is ${value}`
  return unmeasured(indicator, 'not-a-number', message, detail)
}
