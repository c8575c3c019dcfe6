import type { MetricDefinition } from '../ports/metric-catalogue.ts'
import type { LabelBound } from './label-bound.ts'

/**
 * The series of one metric, counted in plain numbers: a tenth of what a general client needs for it, on a path where every commit counts
 * three. `get` answers in the form in which prom-client's registry asks its metrics.
 */
export type Tally = {
  readonly name: string
  /** Adds to a counter or gauge, or takes one measurement into a histogram. */
  take(labels: Labels, value: number): void
  set(labels: Labels, value: number): void
  /** Shows the series from now on, also if it never counts anything. */
  touch(labels: Labels): void
  clear(): void
  get(): Promise<TallyPage>
}

export type TallyPage = {
  readonly name: string
  readonly help: string
  readonly type: MetricDefinition['kind']
  readonly aggregator: 'sum'
  readonly values: readonly TallyValue[]
}

export type TallyValue = {
  readonly metricName?: string
  readonly labels: Labels
  readonly value: number
}

type Labels = Readonly<Record<string, string>>
type Series = {
  readonly labels: Labels
  value: number
  /** Of a histogram: how many fell between each bound and the one before; the last is beyond all of them. */
  readonly between: number[]
  count: number
}

/** Cannot stand in a name of ours; in a value of somebody else's it could at worst make two series one. */
const SEPARATOR = '\u0000'

export function createTally(
  name: string,
  definition: MetricDefinition,
  bounds: Readonly<Record<string, LabelBound>>,
): Tally {
  const { kind, help, buckets = [] } = definition
  const parts = definition.labels.map((label) => ({ label, bound: bounds[label] }))
  const known = new Map<string, Series>()
  // What has no labels is there from the start, so that its first step is seen as one.
  if (parts.length === 0) open('', {})

  function open(key: string, labels: Labels): Series {
    const between = kind === 'histogram' ? new Array<number>(buckets.length + 1).fill(0) : []
    const series = { labels, value: 0, between, count: 0 }
    known.set(key, series)
    return series
  }

  function seriesOf(labels: Labels): Series {
    let key = ''
    for (const { label, bound } of parts) {
      const value = labels[label] ?? ''
      key += (bound === undefined ? value : bound(value)) + SEPARATOR
    }
    return known.get(key) ?? open(key, namedBy(key))
  }

  function namedBy(key: string): Labels {
    const values = key.split(SEPARATOR)
    return Object.fromEntries(parts.map(({ label }, index) => [label, values[index] ?? '']))
  }

  function take(labels: Labels, value: number): void {
    const series = seriesOf(labels)
    series.value += value
    if (kind !== 'histogram') return
    let bucket = 0
    while (bucket < buckets.length && value > (buckets[bucket] ?? 0)) bucket++
    series.between[bucket] = (series.between[bucket] ?? 0) + 1
    series.count++
  }

  return {
    name,
    take,
    set(labels, value) {
      seriesOf(labels).value = value
    },
    touch(labels) {
      seriesOf(labels)
    },
    clear: () => known.clear(),
    get() {
      const values = [...known.values()].flatMap<TallyValue>((series) =>
        kind === 'histogram' ? histogramOf(name, series, buckets) : [series],
      )
      return Promise.resolve({ name, help, type: kind, aggregator: 'sum', values })
    },
  }
}

function histogramOf(name: string, series: Series, buckets: readonly number[]): TallyValue[] {
  const { labels, between, value, count } = series
  const metricName = `${name}_bucket`
  let below = 0
  const bucketValues = buckets.map((bound, index) => {
    below += between[index] ?? 0
    return { metricName, labels: { le: String(bound), ...labels }, value: below }
  })
  return [
    ...bucketValues,
    { metricName, labels: { le: '+Inf', ...labels }, value: count },
    { metricName: `${name}_sum`, labels, value },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
