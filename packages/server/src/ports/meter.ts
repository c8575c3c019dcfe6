import type {
  CounterName,
  GaugeName,
  HistogramName,
  LabelsOf,
  MetricName,
} from './metric-catalogue.ts'

/**
 * Counts what happens, in memory, in about a microsecond, and never throws. Counters begin at 0 with the process: what is folded from the
 * log at a start is not counted again. A part that has something to count takes an optional meter and calls it in one line.
 */
export interface Meter {
  count<Name extends CounterName>(name: Name, labels: LabelsOf<Name>, by?: number): void
  /** In the unit that the name ends with. */
  observe<Name extends HistogramName>(name: Name, value: number, labels: LabelsOf<Name>): void
  set<Name extends GaugeName>(name: Name, value: number, labels: LabelsOf<Name>): void
  add<Name extends GaugeName>(name: Name, by: number, labels: LabelsOf<Name>): void
  /** Makes a series appear at 0, so that its first step is seen as one: what appears at 1 has not increased. */
  touch<Name extends MetricName>(name: Name, labels: LabelsOf<Name>): void
  /** Replaces every series of a gauge, so that one which is over does not stay. */
  replace<Name extends GaugeName>(name: Name, series: readonly Series<Name>[]): void
}

export type Series<Name extends GaugeName> = {
  readonly value: number
  readonly labels: LabelsOf<Name>
}
