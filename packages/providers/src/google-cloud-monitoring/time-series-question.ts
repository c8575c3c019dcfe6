import type { Asked, SentQuestion, SliQuestion } from '../sli/http-sli.ts'
import { failure, type SliFailure } from '../sli/reading.ts'
import { metricsExplorerLink } from './metrics-explorer-link.ts'
import { alignmentPeriodSeconds, type TimeSeriesOptions } from './time-series-options.ts'

const NO_REDUCER = 'REDUCE_NONE'

/** `projects.timeSeries.list` of the Monitoring API v3. */
export function timeSeriesQuestion(
  base: string,
  project: string,
  options: TimeSeriesOptions,
  { sli, request }: Pick<Asked, 'sli' | 'request'>,
): SliQuestion | SliFailure {
  const { window } = request
  const periodS = alignmentPeriodSeconds(options, window, sli.aggregate !== undefined)
  if (periodS === undefined) {
    const message = 'with.alignmentPeriod makes more than 10000 points of this window'
    return failure('query-refused', message)
  }
  const { filter, aligner, reducer, groupBy = [] } = options
  const url = new URL(`${base}/v3/projects/${project}/timeSeries`)
  const { searchParams: search } = url
  search.set('filter', filter)
  search.set('interval.startTime', new Date(window.startMs).toISOString())
  search.set('interval.endTime', new Date(window.endMs).toISOString())
  search.set('aggregation.alignmentPeriod', `${periodS}s`)
  search.set('aggregation.perSeriesAligner', aligner)
  if (reducer !== undefined) search.set('aggregation.crossSeriesReducer', reducer)
  for (const field of groupBy) search.append('aggregation.groupByFields', field)
  const aggregation = {
    perSeriesAligner: aligner,
    crossSeriesReducer: reducer ?? NO_REDUCER,
    alignmentPeriod: `${periodS}s`,
    groupByFields: groupBy,
  }
  const timeSeriesFilter = {
    filter,
    minAlignmentPeriod: `${periodS}s`,
    aggregations: [aggregation],
  }
  return {
    url: url.href,
    shown: shownQuery(options, periodS),
    link: metricsExplorerLink(project, { timeSeriesFilter }, window),
  }
}

function shownQuery({ filter, aligner, reducer, groupBy }: TimeSeriesOptions, periodS: number) {
  const by = groupBy?.length ? ` by ${groupBy.join(', ')}` : ''
  const reduced = reducer === undefined ? '' : `, ${reducer}${by}`
  return `${filter} (${aligner} over ${periodS}s${reduced})`
}

/** The same question, for the page that the token names. */
export function atPage(sent: SentQuestion, pageToken: string): SentQuestion {
  const url = new URL(sent.url)
  url.searchParams.set('pageToken', pageToken)
  return { ...sent, url: url.href }
}
