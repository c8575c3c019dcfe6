/// <reference path="./prom-client.d.ts" />
import PromCounter from 'prom-client/lib/counter.js'
import PromGauge from 'prom-client/lib/gauge.js'
import PromHistogram from 'prom-client/lib/histogram.js'
import PromRegistry from 'prom-client/lib/registry.js'
import type { Meter } from '../ports/meter.ts'
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  METRICS,
  type MetricDefinition,
} from '../ports/metric-catalogue.ts'
import { createLabelBound, type LabelBound } from './label-bound.ts'
import type { MetricLimits } from './metric-limits.ts'

export type PrometheusMeter = Meter & {
  /** The page that Prometheus reads (text format 0.0.4). */
  page(): Promise<string>
}

export const METRICS_CONTENT_TYPE = PromRegistry.PROMETHEUS_CONTENT_TYPE

/** Names in shipyards. An event can name a sequence that no shipyard has, so these are bounded too. */
const MAX_SEQUENCES = 50
const MAX_TASKS = 50
/** Metrics without labels show 0 from the start; the others begin with their first value. */
const NONE = {}

/** Keeps the metrics of the catalogue in a registry of its own: two servers in one process do not meet. */
export function createPrometheusMeter(limits: MetricLimits): PrometheusMeter {
  const registry = new PromRegistry()
  const registers = [registry]
  const bounds: Readonly<Record<string, LabelBound>> = {
    project: createLabelBound(limits.maxProjects),
    stage: createLabelBound(limits.maxStages),
    sequence: createLabelBound(MAX_SEQUENCES),
    task: createLabelBound(MAX_TASKS),
  }
  const counters = new Map<string, PromCounter>()
  const gauges = new Map<string, PromGauge>()
  const histograms = new Map<string, PromHistogram>()
  const bounded = new Map<string, readonly string[]>()
  for (const [name, definition] of Object.entries<MetricDefinition>(METRICS)) {
    const { kind, help, labels, buckets } = definition
    const options = { name, help, labelNames: [...labels], registers }
    bounded.set(
      name,
      labels.filter((label) => label in bounds),
    )
    if (kind === 'counter') counters.set(name, new PromCounter(options))
    else if (kind === 'gauge') gauges.set(name, new PromGauge(options))
    else histograms.set(name, new PromHistogram({ ...options, buckets: [...(buckets ?? [])] }))
  }

  function within(name: string, labels: Readonly<Record<string, string>>) {
    const names = bounded.get(name)
    if (names === undefined || names.length === 0) return labels
    const result: Record<string, string> = { ...labels }
    for (const label of names) result[label] = bounds[label]?.(labels[label] ?? '') ?? ''
    return result
  }

  return {
    count: (name: CounterName, labels, by = 1) => counters.get(name)?.inc(within(name, labels), by),
    observe: (name: HistogramName, value, labels) =>
      histograms.get(name)?.observe(within(name, labels), value),
    set: (name: GaugeName, value, labels) => gauges.get(name)?.set(within(name, labels), value),
    add: (name: GaugeName, by, labels) => gauges.get(name)?.inc(within(name, labels), by),
    replace(name: GaugeName, series) {
      const gauge = gauges.get(name)
      gauge?.reset()
      // Added up: several beyond the bound share one series.
      for (const { value, labels } of series) gauge?.inc(within(name, labels) ?? NONE, value)
    },
    page: () => registry.metrics(),
  }
}
