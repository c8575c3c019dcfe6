import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { startServer } from '../../test/answering-server.ts'
import { type Answer, REQUEST, type Seen } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import type { SliRequest } from '../sli/sli-provider.ts'
import { createGoogleCloudMonitoringProvider } from './google-cloud-monitoring-provider.ts'

export const ACCESS_TOKEN = 'ya29.c.EXAMPLE-access-token'
export const PROJECT = 'shop-123'
const FAST = { attempts: 3, firstDelayMs: 1, maxDelayMs: 5 }

/** A series as "Retrieve time-series data" and `TypedValue` of the Monitoring API v3 show it; points newest first. */
export function series(
  values: readonly (object | number)[],
  more: { readonly labels?: Readonly<Record<string, string>>; readonly unit?: string } = {},
) {
  const { labels = {}, unit } = more
  return {
    metric: { labels, type: 'run.googleapis.com/request_latencies' },
    resource: { type: 'cloud_run_revision', labels: { service_name: 'carts' } },
    metricKind: 'GAUGE',
    valueType: 'DOUBLE',
    points: values.map((value, index) => ({
      interval: {
        startTime: new Date(Date.UTC(2026, 0, 2, 3, 9 - index)).toISOString(),
        endTime: new Date(Date.UTC(2026, 0, 2, 3, 9 - index)).toISOString(),
      },
      value: typeof value === 'number' ? { doubleValue: value } : value,
    })),
    ...(unit === undefined ? {} : { unit }),
  }
}

export function list(...timeSeries: readonly object[]): Answer {
  return { body: { timeSeries, unit: 'ms' } }
}

/** `google.rpc.Status` in JSON ("Errors" of the API design guide). */
export function refusal(code: number, status: string, message: string): Answer {
  return { status: code, body: { error: { code, message, status } } }
}

export const FILTERED = {
  query: 'p95 latency',
  with: {
    filter:
      'metric.type="run.googleapis.com/request_latencies" AND resource.labels.service_name="{{ service }}"',
    aligner: 'ALIGN_PERCENTILE_95',
    reducer: 'REDUCE_MEAN',
    groupBy: ['resource.label.service_name', 'metric.label.response_code'],
  },
} satisfies SliQuery

export async function ask(
  query: SliQuery,
  answer: (seen: Seen, count: number) => Answer,
  more: Partial<SliRequest> = {},
) {
  await using server = await startServer((seen, _response, count) => answer(seen, count))
  const settings = {
    project: PROJECT,
    credentials: 'access-token',
    accessToken: ACCESS_TOKEN,
    url: server.url,
  } as const
  const connection = { name: 'google-cloud-monitoring', settings }
  const power = { http: createGuardedHttp(), retry: FAST }
  const provider = createGoogleCloudMonitoringProvider(connection, power)
  const value = await provider.fetchValue({ ...REQUEST, query, ...more })
  return { value, seen: server.seen }
}
