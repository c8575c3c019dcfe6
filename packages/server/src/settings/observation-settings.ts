import type { SettingsFile } from '@tiphys/contract/settings.ts'
import { DEFAULT_METRIC_LIMITS, type MetricLimits } from '../observation/metric-limits.ts'
import { type TraceSettings, traceSettings } from '../observation/traces/trace-settings.ts'

/** What the server tells about itself, and to whom. */
export type ObservationSettings = {
  /** Unset: text on a terminal, JSON elsewhere. */
  readonly logFormat?: 'json' | 'text'
  /** Whether /metrics needs no token. */
  readonly metricsPublic?: boolean
  readonly metricLimits?: MetricLimits
  /** Unset: no traces, and nothing of them is loaded. */
  readonly traces?: TraceSettings
}

const LOG_FORMATS = ['json', 'text'] as const

export type ObservationSources = {
  readonly file: SettingsFile
  readonly environment: Readonly<Record<string, string | undefined>>
  /** From a flag or the environment. */
  readonly given: (key: 'logFormat' | 'metricsPublic') => string | number | boolean | undefined
}

/** What is wrong is added to `problems`. */
export function observationSettings(
  { file, environment, given }: ObservationSources,
  problems: string[],
): ObservationSettings {
  const format = given('logFormat') ?? file.logFormat
  const logFormat = LOG_FORMATS.find((known) => known === format)
  if (format !== undefined && logFormat === undefined) {
    problems.push(`log format ${format} is not one of ${LOG_FORMATS.join(', ')}`)
  }
  const traces = traceSettings(environment, file.traces, problems)
  const { metrics } = file
  return {
    ...(logFormat === undefined ? {} : { logFormat }),
    metricsPublic: (given('metricsPublic') ?? metrics?.public) === true,
    metricLimits: {
      maxProjects: metrics?.maxProjects ?? DEFAULT_METRIC_LIMITS.maxProjects,
      maxStages: metrics?.maxStages ?? DEFAULT_METRIC_LIMITS.maxStages,
    },
    ...(traces === undefined ? {} : { traces }),
  }
}
