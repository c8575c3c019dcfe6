const PAGE = 'https://console.cloud.google.com/monitoring/metrics-explorer'

/** What a data set of the chart is made of. */
export type ExplorerData =
  | { readonly prometheusQuery: string }
  | {
      readonly timeSeriesFilter: {
        readonly filter: string
        readonly minAlignmentPeriod: string
        readonly aggregations: readonly {
          readonly perSeriesAligner: string
          readonly crossSeriesReducer: string
          readonly alignmentPeriod: string
          readonly groupByFields: readonly string[]
        }[]
      }
    }

/** Metrics Explorer with the same query and times. Google does not document the address; it is the one that its own "Link to chart" makes. */
export function metricsExplorerLink(
  project: string,
  data: ExplorerData,
  window: { readonly startMs: number; readonly endMs: number },
): string {
  const [start, end] = [window.startMs, window.endMs].map((ms) => new Date(ms).toISOString())
  const pageState = {
    xyChart: {
      dataSets: [{ ...data, targetAxis: 'Y1', plotType: 'LINE' }],
      options: { mode: 'COLOR' },
      constantLines: [],
      y1Axis: { label: '', scale: 'LINEAR' },
    },
  }
  const search = new URLSearchParams({ project, pageState: JSON.stringify(pageState) })
  return `${PAGE};startTime=${start};endTime=${end}?${search}`
}
