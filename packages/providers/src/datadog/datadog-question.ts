import { durationSeconds } from '@tiphys/core/evaluation/query-scope.ts'
import type { Asked, SliQuestion } from '../sli/http-sli.ts'
import type { SliFailure } from '../sli/reading.ts'
import type { SliRequest } from '../sli/sli-provider.ts'
import { explorerLink } from './datadog-link.ts'
import { type DatadogOptions, datadogOptions, MAIN_QUERY } from './datadog-options.ts'

const MS_PER_SECOND = 1000

/** Where the API is, and where people look. */
export type DatadogPlace = { readonly base: string; readonly site: string }

/**
 * `GET /api/v1/query`, or `POST /api/v2/query/timeseries` and, with an aggregator, `/api/v2/query/scalar`
 * (docs.datadoghq.com/api/latest/metrics).
 */
export function datadogQuestion(place: DatadogPlace, asked: Asked): SliQuestion | SliFailure {
  const options = datadogOptions(asked)
  if ('kind' in options) return options
  const query = fillKeptn(asked.text, asked.request)
  return options.api === 'v2'
    ? formulaQuestion(place, query, options, asked.request)
    : pointsQuestion(place, query, asked.request)
}

function pointsQuestion(place: DatadogPlace, query: string, { window }: SliRequest): SliQuestion {
  const parameters = new URLSearchParams({
    from: String(Math.floor(window.startMs / MS_PER_SECOND)),
    to: String(Math.ceil(window.endMs / MS_PER_SECOND)),
    query,
  })
  const link = explorerLink(place.site, query, window)
  return {
    url: `${place.base}/api/v1/query?${parameters}`,
    shown: query,
    ...(link === undefined ? {} : { link }),
  }
}

function formulaQuestion(
  place: DatadogPlace,
  query: string,
  options: DatadogOptions,
  request: SliRequest,
): SliQuestion {
  const { aggregator, formula = MAIN_QUERY, queries = {} } = options
  const named = [
    [MAIN_QUERY, query] as const,
    ...Object.entries(queries).map(([name, text]) => [name, fillKeptn(text, request)] as const),
  ]
  const kind = aggregator === undefined ? 'timeseries' : 'scalar'
  const { startMs, endMs } = request.window
  const body = {
    data: {
      type: `${kind}_request`,
      attributes: {
        from: startMs,
        to: endMs,
        queries: named.map(([name, text]) => ({
          data_source: 'metrics',
          name,
          query: text,
          ...(aggregator === undefined ? {} : { aggregator }),
        })),
        formulas: [{ formula }],
      },
    },
  }
  const names = named.map(([name, text]) => `${name} = ${text}`)
  const link = formula === MAIN_QUERY ? explorerLink(place.site, query, request.window) : undefined
  return {
    url: `${place.base}/api/v2/query/${kind}`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    shown: formula === MAIN_QUERY ? query : `${formula}, where ${names.join(' and ')}`,
    ...(link === undefined ? {} : { link }),
  }
}

/**
 * What Keptn's datadog-service filled in beside the placeholders of all providers: the names in lower case, and `$DURATION`, a number of
 * seconds, for `.rollup(avg, $DURATION)`. Values of events are plain words by then, and hold no `$`.
 */
function fillKeptn(text: string, { scope, window }: SliRequest): string {
  return text
    .replaceAll('$project', () => scope.project)
    .replaceAll('$stage', () => scope.stage)
    .replaceAll('$service', () => scope.service)
    .replaceAll('$DURATION', () => durationSeconds(window).slice(0, -1))
}
