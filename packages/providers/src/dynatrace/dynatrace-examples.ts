import type { Answer } from '../../test/provider-contract.ts'

export const TOKEN = 'dt0c01.PUBLIC-PART.SECRET-PART'
export const SELECTOR = 'builtin:service.response.time:splitBy():percentile(95)'
export const QUERY = {
  query: `metricSelector=${SELECTOR}&entitySelector=type(SERVICE),tag(keptn_service:$SERVICE)`,
}

/** As documented for "GET metric data points" (docs.dynatrace.com, metric-v2/get-data-points). */
export function metrics(
  data: object[],
  more: { readonly result?: object; readonly top?: object } = {},
): Answer {
  return {
    body: {
      totalCount: data.length,
      nextPageKey: null,
      resolution: 'Inf',
      ...more.top,
      result: [
        {
          metricId: SELECTOR,
          dataPointCountRatio: 5.0e-8,
          dimensionCountRatio: 1.0e-5,
          data,
          ...more.result,
        },
      ],
    },
  }
}

/** Oldest first, a minute apart. */
export function tuple(
  values: readonly (number | null)[],
  ...dimensions: (string | null)[]
): object {
  const timestamps = values.map((_, index) => 1767323100000 + index * 60_000)
  return { dimensions, dimensionMap: {}, timestamps, values }
}
