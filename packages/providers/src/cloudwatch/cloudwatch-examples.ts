import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { startServer } from '../../test/answering-server.ts'
import { type Answer, REQUEST, type Seen } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import type { SliRequest } from '../sli/sli-provider.ts'
import { createCloudWatchProvider } from './cloudwatch-provider.ts'

export const KEYS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'FwoGZXIvYXdzEXAMPLETOKEN',
}
export const REGION = 'eu-central-1'
export const NOW = REQUEST.window.endMs + 1000
const FAST = { attempts: 3, firstDelayMs: 1, maxDelayMs: 5 }
export const START_S = Date.UTC(2026, 0, 2, 3, 4) / 1000

/**
 * Answers as "GetMetricData", "MetricDataResult" and "MessageData" of CloudWatch's API reference name their members, in the JSON protocol
 * of its service model (AWS JSON 1.0: times as seconds since 1970, NaN as text).
 */
type Result = {
  readonly Id?: string
  readonly Label?: string
  readonly Timestamps?: readonly number[]
  readonly Values?: readonly (number | string)[]
  readonly StatusCode?: string
  readonly Messages?: readonly { readonly Code: string; readonly Value: string }[]
}

export function results(...given: readonly Result[]): Answer {
  const body = {
    MetricDataResults: given.map((one) => ({
      Id: 'tiphys_value',
      Label: 'TargetResponseTime',
      Timestamps: [START_S],
      Values: [0.25],
      StatusCode: 'Complete',
      Messages: [],
      ...one,
    })),
    Messages: [],
  }
  return { headers: { 'content-type': 'application/x-amz-json-1.0' }, body }
}

export function refusal(type: string, message: string, status = 400): Answer {
  return { status, body: { __type: `com.amazonaws.cloudwatch#${type}`, message } }
}

export const LATENCY = {
  query: 'p95 latency of {{ service }}',
  with: {
    namespace: 'AWS/ApplicationELB',
    metric: 'TargetResponseTime',
    statistic: 'p95',
    dimensions: { LoadBalancer: 'app/{{ service }}/50dc6c495c0c9188', Build: '{{ labels.build }}' },
    unit: 'Seconds',
  },
} satisfies SliQuery

export async function ask(
  query: SliQuery,
  answer: (seen: Seen, count: number) => Answer,
  more: Partial<SliRequest> = {},
) {
  await using server = await startServer((seen, _response, count) => answer(seen, count))
  const settings = {
    region: REGION,
    credentials: 'static' as const,
    url: `${server.url}/`,
    ...KEYS,
  }
  const power = { http: createGuardedHttp(), retry: FAST, nowMs: () => NOW }
  const provider = createCloudWatchProvider({ name: 'cloudwatch', settings }, power)
  const value = await provider.fetchValue({ ...REQUEST, query, ...more })
  const sent = server.seen.map(({ body }) => (body === '' ? {} : JSON.parse(body)))
  return { value, seen: server.seen, sent }
}
