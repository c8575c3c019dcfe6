/** One metric, its scope, what it is grouped by, and functions after it: `avg:system.cpu.user{env:prod} by {host}.rollup(max, 60)`. */
const ONE_METRIC =
  /^\s*(?:(?<aggregation>[a-z0-9]+):)?(?<metric>[A-Za-z][\w.]*)\{(?<scope>[^{}]*)\}(?:\s*by\s*\{(?<group>[^{}]*)\})?(?:\.\w+\([^()]*\))*\s*$/

/** Sites that are a subdomain already have their pages there; the others have them under `app.`. */
const APP_SITES: ReadonlySet<string> = new Set(['datadoghq.com', 'datadoghq.eu', 'ddog-gov.com'])

/**
 * The metrics explorer with the query's metric over the window. It takes a metric, a scope and a grouping and no expression, so a query
 * that is more than that has no link rather than one that shows something else.
 */
export function explorerLink(
  site: string,
  query: string,
  window: { readonly startMs: number; readonly endMs: number },
): string | undefined {
  const { aggregation, metric, scope, group } = ONE_METRIC.exec(query)?.groups ?? {}
  if (metric === undefined) return undefined
  const parameters = new URLSearchParams({
    exp_metric: metric,
    ...(scope === undefined || scope.trim() === '*' ? {} : { exp_scope: scope.trim() }),
    ...(aggregation === undefined ? {} : { exp_agg: aggregation }),
    ...(group === undefined ? {} : { exp_group: group.trim() }),
    from_ts: String(window.startMs),
    to_ts: String(window.endMs),
    live: 'false',
  })
  const host = APP_SITES.has(site) ? `app.${site}` : site
  return `https://${host}/metric/explorer?${parameters}`
}
