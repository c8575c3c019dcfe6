import type { TriedSli, TrySliBody } from '@tiphys/contract/http/native-provider.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { deploymentOf } from '@tiphys/core/evaluation/query-scope.ts'
import type { SliValue } from '@tiphys/core/evaluation/sli-value.ts'
import { evaluationWindow } from '@tiphys/core/evaluation/window.ts'
import { assignProviders, type SliQuery } from '@tiphys/core/slo/sli.ts'
import { firstProblem, readSliFiles, readSlo } from '@tiphys/providers/evaluation/slo-text.ts'
import type { SliProvider, SliRequest } from '@tiphys/providers/sli/sli-provider.ts'
import type { ServicePlace } from '../../argocd/mapped-application.ts'
import type { ProjectSnapshot } from '../../engine/project-snapshot.ts'
import type { Clock } from '../../ports/clock.ts'
import { sliFilesOf, sloOf } from './evaluation-files.ts'

export type TryParts = {
  readonly ofPlace: (name: string, place: ServicePlace) => SliProvider | undefined
  readonly clock: Pick<Clock, 'nowMs'>
}

export type Tried =
  | { readonly code: 'tried'; readonly tried: TriedSli }
  /** One sentence: nothing was asked. */
  | { readonly code: 'invalid'; readonly message: string }

const DEFAULT_TIMEFRAME = '5m'

/** Asks one provider one question, exactly as an evaluation of this service would now, outside of any run. */
export async function tryIndicator(
  parts: TryParts,
  snapshot: ProjectSnapshot,
  wish: TrySliBody,
  signal: AbortSignal,
): Promise<Tried> {
  const { stage, service, start, end, timeframe } = wish
  const given = start || end || timeframe
  const data = { evaluation: given ? { start, end, timeframe } : { timeframe: DEFAULT_TIMEFRAME } }
  const found = evaluationWindow(data, parts.clock.nowMs())
  if (!found.ok) return { code: 'invalid', message: found.message }
  const question = await questionOf(snapshot, wish)
  if (question.code === 'invalid') return question
  const { provider: name, indicator, query } = question
  const provider = parts.ofPlace(name, { snapshot, stage, service })
  if (provider === undefined)
    return { code: 'invalid', message: unreachable(name, snapshot.project) }
  const filters = await filtersOf(snapshot, stage, service)
  if (filters.code === 'invalid') return filters
  const labels = wish.labels ?? {}
  const scope = { project: snapshot.project, stage, service, labels, filters: filters.filters }
  const { window } = found
  const beganMs = parts.clock.nowMs()
  const value = await provider.fetchValue({
    indicator,
    query,
    window,
    scope: { ...scope, deployment: deploymentOf(undefined, labels) },
    signal,
  })
  const durationMs = Math.max(0, parts.clock.nowMs() - beganMs)
  return { code: 'tried', tried: { ...shown(value, name, window), durationMs } }
}

type Question =
  | {
      readonly code: 'asked'
      readonly provider: string
      readonly indicator: string
      readonly query: SliRequest['query']
    }
  | { readonly code: 'invalid'; readonly message: string }

/** What is asked of whom: what the wish says, else what an evaluation would find in the files. */
async function questionOf(snapshot: ProjectSnapshot, wish: TrySliBody): Promise<Question> {
  const { provider, indicator, stage, service } = wish
  if (wish.query !== undefined) {
    if (provider === undefined) return invalid('query needs provider: whom to ask')
    return { code: 'asked', provider, indicator: indicator ?? 'query', query: queryOf(wish) }
  }
  if (indicator === undefined) return invalid('say indicator, or provider and query')
  const read = readSliFiles(await sliFilesOf(snapshot, stage, service))
  if (!read.ok) return invalid(firstProblem(read.problems))
  const { queries } = read
  const assigned = assignProviders(
    [indicator],
    queries,
    provider ?? snapshot.settings.sliProvider,
    snapshot.project,
  )
  if (!assigned.ok && provider === undefined) return invalid(assigned.message)
  const owner = provider ?? (assigned.ok ? assigned.providers.get(indicator) : undefined)
  if (!owner) return invalid(`no sli.yaml of ${stage}/${service} names ${indicator}`)
  const file = queries[owner]
  const query = file !== undefined && Object.hasOwn(file, indicator) ? file[indicator] : undefined
  return { code: 'asked', provider: owner, indicator, query: query?.query ? query : undefined }
}

function queryOf({ query = '', unit, aggregate, scale, with: options }: TrySliBody): SliQuery {
  return {
    query,
    ...(unit === undefined ? {} : { unit }),
    ...(aggregate === undefined ? {} : { aggregate }),
    ...(scale === undefined ? {} : { scale }),
    // Parsed from JSON, so it is JSON.
    ...(options === undefined ? {} : { with: options as JsonObject }),
  }
}

type Filters =
  | { readonly code: 'read'; readonly filters: Readonly<Record<string, string>> }
  | { readonly code: 'invalid'; readonly message: string }

/** `filter` of slo.yaml fills placeholders too. */
async function filtersOf(
  snapshot: ProjectSnapshot,
  stage: string,
  service: string,
): Promise<Filters> {
  const file = await sloOf(snapshot, stage, service)
  if (file === null || file.text === '') return { code: 'read', filters: {} }
  const slo = readSlo(file)
  return slo.ok ? { code: 'read', filters: slo.slo.filter } : invalid(firstProblem(slo.problems))
}

function invalid(message: string) {
  return { code: 'invalid', message } as const
}

function unreachable(provider: string, project: string): string {
  return `${provider} cannot be tried for project ${project}: it is no connection of the server; test results and providers outside are there in a run only`
}

function shown(
  { metric, value, success, message, detail }: SliValue,
  provider: string,
  { start, end }: { readonly start: string; readonly end: string },
): Omit<TriedSli, 'durationMs'> {
  const { unit, query, link, problem, remarks = [], series } = detail
  return {
    indicator: metric,
    provider,
    window: { start, end },
    success,
    value: success ? value : null,
    ...(unit === undefined ? {} : { unit }),
    ...(success ? {} : { message }),
    ...(problem === undefined ? {} : { problem }),
    ...(query === undefined ? {} : { query }),
    ...(link === undefined ? {} : { link }),
    remarks: [...remarks],
    ...(series === undefined ? {} : { series: { points: series.points.length, of: series.of } }),
  }
}
