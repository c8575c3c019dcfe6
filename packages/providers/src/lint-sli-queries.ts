import { CONNECTION_KINDS } from '@tiphys/contract/connections/connections.ts'
import type { FilePath, Position, Problem } from '@tiphys/contract/problem.ts'
import type { SettingsFile } from '@tiphys/contract/settings.ts'
import { SliFile } from '@tiphys/contract/sli.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import { ARGOCD_PROVIDER, argocdIndicator } from '@tiphys/core/argocd-sli/indicators.ts'
import { isTemplateName, TEMPLATE_NAMES } from '@tiphys/core/evaluation/query-template.ts'
import { TEST_RESULTS_PROVIDER } from '@tiphys/core/evaluation/test-results-value.ts'
import { checkPromqlTemplate } from './prometheus/promql-check.ts'

/**
 * The queries of one `<provider>/sli.yaml`: what they are filled with and, where the provider is a Prometheus, their language, each at its
 * place in the file. Nothing is said of providers that answer by events: their queries are their own.
 */
export function lintSliQueries(
  text: string,
  file: string,
  connections: ReadonlyMap<string, Connected>,
): readonly Problem[] {
  const provider = providerOf(file)
  if (provider === ARGOCD_PROVIDER) return argocdProblems(text, file)
  const connected = connections.get(provider)
  if (connected === undefined) return nearlyOurs(provider, file, connections)
  const parsed = parseYaml(SliFile, text, file, { unknownKeys: 'warn' })
  if (!parsed.ok) return []
  return Object.entries(parsed.value.indicators ?? {}).flatMap(([name, indicator]) => {
    const query = indicator?.query ?? ''
    if (query.trim() === '') return []
    const path = pathOf(name, indicator, parsed.at)
    const place = (offset: number) => parsed.within(path, offset)
    return [
      ...unknownTemplates(query, file, place),
      ...(connected.language === 'promql' ? promqlProblems(query, file, place) : []),
    ]
  })
}

/** More apart, and it is the name of an integration. */
const MAX_MISTAKES = 2

/** What was probably meant by the name of a provider that nobody here has; undefined where it is known, or a name of its own. */
export function providerMeant(
  name: string,
  connections: ReadonlyMap<string, Connected>,
): string | undefined {
  const known = [...connections.keys(), ...OWN_PROVIDERS]
  return known.includes(name) ? undefined : didYouMean(name, known, MAX_MISTAKES)
}

/** Providers that need no connection. */
const OWN_PROVIDERS = [TEST_RESULTS_PROVIDER, ARGOCD_PROVIDER]

function nearlyOurs(
  provider: string,
  file: string,
  connections: ReadonlyMap<string, Connected>,
): Problem[] {
  const meant = providerMeant(provider, connections)
  if (meant === undefined) return []
  const message = `no provider here is called ${provider}, so an integration has to answer; did you mean the folder ${meant}?`
  return [{ severity: 'warning', file, line: 1, column: 1, message }]
}

/** What the folder of an sli.yaml names, as far as its queries are concerned. */
export type Connected = { readonly language: 'promql' | 'other' }

/**
 * Which folders name a provider that is asked by the server itself: the kinds, and the connections of the settings, where they are among
 * the files.
 */
export function connectionsOf(settings: SettingsFile | undefined): ReadonlyMap<string, Connected> {
  const connections = new Map<string, Connected>()
  for (const kind of Object.keys(CONNECTION_KINDS)) {
    connections.set(kind, { language: kind === 'prometheus' ? 'promql' : 'other' })
  }
  for (const [kind, given] of Object.entries(settings?.providers ?? {})) {
    const list = Array.isArray(given) ? given : given === undefined ? [] : [given]
    for (const { name = kind, ...others } of list) {
      const isPromql =
        kind === 'prometheus' && !('syntax' in others && others.syntax === 'metricsql')
      connections.set(name, { language: isPromql ? 'promql' : 'other' })
    }
  }
  return connections
}

/** The folder; empty for a file that stands alone. */
function providerOf(file: string): string {
  return file.replaceAll('\\', '/').split('/').at(-2) ?? ''
}

/** What Argo CD can be asked is a list. */
function argocdProblems(text: string, file: string): Problem[] {
  const parsed = parseYaml(SliFile, text, file, { unknownKeys: 'warn' })
  if (!parsed.ok) return []
  return Object.entries(parsed.value.indicators ?? {}).flatMap(([name, indicator]) => {
    const named = argocdIndicator(indicator?.query?.trim() || name)
    if (named.ok) return []
    const place = parsed.within(pathOf(name, indicator, parsed.at), 0)
    return [{ severity: 'error' as const, file, ...place, message: named.message }]
  })
}

type Place = (offset: number) => Position

/** A query is the indicator itself, or its key `query`. */
function pathOf(name: string, indicator: unknown, at: (path: FilePath) => Position): FilePath {
  const whole: FilePath = ['indicators', name]
  const inside: FilePath = [...whole, 'query']
  if (typeof indicator !== 'object') return whole
  const [outer, inner] = [at(whole), at(inside)]
  // A place that is not there is that of what stands around it.
  return outer.line === inner.line && outer.column === inner.column ? whole : inside
}

function unknownTemplates(query: string, file: string, place: Place): Problem[] {
  return [...query.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].flatMap(({ 1: name = '', index }) => {
    if (isTemplateName(name)) return []
    const meant = didYouMean(name, TEMPLATE_NAMES)
    const known = `there are ${TEMPLATE_NAMES.join(', ')}, labels.<name> and filters.<name>`
    const hint = meant === undefined ? known : `did you mean ${meant}?`
    const message = `{{ ${name} }} is not known, so the query is never asked; ${hint}`
    return [{ severity: 'error' as const, file, ...place(index), message }]
  })
}

/** VictoriaMetrics reads more than Prometheus: what may be its own is doubtful, not wrong. */
function promqlProblems(query: string, file: string, place: Place): Problem[] {
  const problem = checkPromqlTemplate(query)
  if (problem === undefined) return []
  const { message, offset, isMetricsql } = problem
  const hint = isMetricsql ? '; of a VictoriaMetrics say so with syntax: metricsql' : ''
  const severity = isMetricsql ? 'warning' : 'error'
  return [{ severity, file, ...place(offset), message: `PromQL: ${message}${hint}` }]
}
