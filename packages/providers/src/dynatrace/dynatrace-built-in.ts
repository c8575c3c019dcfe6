import { PLAIN } from '@tiphys/core/evaluation/query-language.ts'
import { expandQuery } from '@tiphys/core/evaluation/sli-query.ts'
import type { BuiltInQuery } from '../sli/http-sli.ts'
import type { SliRequest } from '../sli/sli-provider.ts'

/** Of the entities that Keptn's tags mark: what its dynatrace-service measured without a file. */
const ENTITIES =
  'type(SERVICE),tag(keptn_project:$PROJECT),tag(keptn_stage:$STAGE),tag(keptn_service:$SERVICE),tag(keptn_deployment:$DEPLOYMENT)'
const RESPONSE_TIME = 'builtin:service.response.time:splitBy()'
const BUILT_IN: Readonly<Record<string, { readonly selector: string; readonly unit?: string }>> = {
  throughput: { selector: 'builtin:service.requestCount.total:splitBy():sum' },
  error_rate: { selector: 'builtin:service.errors.total.rate:splitBy():avg', unit: '%' },
  response_time_p50: { selector: `${RESPONSE_TIME}:percentile(50)`, unit: 'µs' },
  response_time_p90: { selector: `${RESPONSE_TIME}:percentile(90)`, unit: 'µs' },
  response_time_p95: { selector: `${RESPONSE_TIME}:percentile(95)`, unit: 'µs' },
}

/** None for a name that is not there, and for a deployment that would be more than a word of the query. */
export function builtInQuery({ indicator, scope, window }: SliRequest): BuiltInQuery | undefined {
  const found = Object.hasOwn(BUILT_IN, indicator) ? BUILT_IN[indicator] : undefined
  if (found === undefined) return undefined
  const query = `metricSelector=${found.selector}&entitySelector=${ENTITIES}`
  const expanded = expandQuery(query, scope, window, PLAIN)
  return expanded.ok ? { query: expanded.query, unit: found.unit } : undefined
}
