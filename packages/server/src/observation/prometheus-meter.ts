/// <reference path="./prom-client.d.ts" />
import type { Metric } from 'prom-client'
import PromRegistry from 'prom-client/lib/registry.js'
import type { Meter } from '../ports/meter.ts'
import { METRICS, type MetricDefinition } from '../ports/metric-catalogue.ts'
import { createLabelBound, type LabelBound } from './label-bound.ts'
import type { MetricLimits } from './metric-limits.ts'
import { createTally, type Tally } from './tally.ts'

export type PrometheusMeter = Meter & {
  /** The page that Prometheus reads (text format 0.0.4). */
  page(): Promise<string>
}

export const METRICS_CONTENT_TYPE = PromRegistry.PROMETHEUS_CONTENT_TYPE

/** Names in shipyards. An event can name a sequence that no shipyard has, so these are bounded too. */
const MAX_SEQUENCES = 50
const MAX_TASKS = 50

/** Keeps the metrics of the catalogue in a registry of its own: two servers in one process do not meet. */
export function createPrometheusMeter(limits: MetricLimits): PrometheusMeter {
  const registry = new PromRegistry()
  const bounds: Readonly<Record<string, LabelBound>> = {
    project: createLabelBound(limits.maxProjects),
    stage: createLabelBound(limits.maxStages),
    sequence: createLabelBound(MAX_SEQUENCES),
    task: createLabelBound(MAX_TASKS),
  }
  const tallies = new Map<string, Tally>()
  for (const [name, definition] of Object.entries<MetricDefinition>(METRICS)) {
    const tally = createTally(name, definition, bounds)
    tallies.set(name, tally)
    // Of a metric the registry asks its name and `get`, which are what a tally has.
    registry.registerMetric(tally as unknown as Metric)
  }
  const take = (name: string, labels: Readonly<Record<string, string>>, value: number) =>
    tallies.get(name)?.take(labels, value)

  return {
    count: (name, labels, by = 1) => take(name, labels, by),
    observe: (name, value, labels) => take(name, labels, value),
    set: (name, value, labels) => tallies.get(name)?.set(labels, value),
    add: (name, by, labels) => take(name, labels, by),
    touch: (name, labels) => tallies.get(name)?.touch(labels),
    replace(name, series) {
      tallies.get(name)?.clear()
      // Added up: several beyond the bound share one series.
      for (const { value, labels } of series) take(name, labels, value)
    },
    page: () => registry.metrics(),
  }
}
