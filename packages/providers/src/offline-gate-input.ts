import { readFile } from 'node:fs/promises'
import type { IndicatorValue } from '@tiphys/contract/evaluation.ts'
import { PreviousFile, ValuesFile } from '@tiphys/contract/offline-gate.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import type { PreviousEvaluation } from '@tiphys/core/evaluation/baseline.ts'
import { deploymentOf, type QueryScope } from '@tiphys/core/evaluation/query-scope.ts'
import { type SliDetail, toIndicatorValue } from '@tiphys/core/evaluation/sli-value.ts'
import { type EvaluationWindow, explicitWindow } from '@tiphys/core/evaluation/window.ts'
import { toPreviousEvaluation } from '@tiphys/core/evaluation/wire.ts'
import type { Subject } from '@tiphys/core/explanation/explanation.ts'
import type { SliQueries } from '@tiphys/core/slo/sli.ts'
import type { Slo } from '@tiphys/core/slo/slo.ts'
import { readSli, readSlo } from './evaluation/slo-text.ts'
import type { GuardedHttp } from './http/guarded-http.ts'
import { createPrometheusProvider, PROMETHEUS_PROVIDER } from './prometheus/prometheus-provider.ts'
import { fetchValues } from './sli/fetch-values.ts'

/** Where the offline gate takes everything from; file names as the user wrote them. */
export type GateSource = {
  readonly slo: string
  /** Either this … */
  readonly values?: string | undefined
  /** … or these: `sli` may be missing where built-in indicators are enough. */
  readonly sli?: string | undefined
  readonly provider?: string | undefined
  readonly url?: string | undefined
  readonly start?: string | undefined
  readonly end?: string | undefined
  readonly timeframe?: string | undefined
  readonly previous?: string | undefined
  /** For placeholders of queries and for the sentence of the report. */
  readonly project?: string | undefined
  readonly stage?: string | undefined
  readonly service?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly bearerToken?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How a file is read; from the disk by default. */
  readonly readText?: (file: string) => Promise<string>
}

export type GateInput = {
  readonly slo: Slo
  readonly sloText: string
  readonly previous: readonly PreviousEvaluation[]
  readonly warnings: readonly Problem[]
  readonly window: EvaluationWindow | undefined
  readonly subject: Subject
  readonly measure: Measure
}

type Measure =
  | { readonly from: 'file'; readonly values: readonly IndicatorValue[] }
  | {
      readonly from: 'prometheus'
      readonly url: string
      readonly queries: SliQueries
      readonly window: EvaluationWindow
      readonly scope: QueryScope
      readonly source: GateSource
    }

/** Wrong use, or a file that is not what it should be: nothing was asked, nothing is evaluated. */
export class InputProblem extends Error {
  override name = 'InputProblem'
  readonly problems: readonly Problem[]
  readonly complaint: string | null

  constructor(found: { problems?: readonly Problem[]; complaint?: string }) {
    super(found.complaint ?? 'a file is not valid')
    this.problems = found.problems ?? []
    this.complaint = found.complaint ?? null
  }
}

/** Reads and checks everything before anything is asked. Throws InputProblem. */
export async function readGateInput(source: GateSource, nowMs: number): Promise<GateInput> {
  checkUse(source)
  const sloText = await textOf(source, source.slo)
  const read = readSlo({ file: source.slo, text: sloText })
  if (!read.ok) throw new InputProblem({ problems: read.problems })
  const findings = [...read.warnings, ...read.findings]
  if (findings.some((problem) => problem.severity === 'error')) {
    throw new InputProblem({ problems: findings })
  }
  const { slo } = read
  const window = windowOf(source, nowMs)
  const previous = await previousOf(source)
  const { measure, warnings } = await measureOf(source, slo, window)
  const subject = {
    project: source.project ?? null,
    stage: source.stage ?? null,
    service: source.service ?? null,
    version: source.labels?.['version'] ?? null,
  }
  return { slo, sloText, previous, window, subject, measure, warnings: [...findings, ...warnings] }
}

function checkUse(source: GateSource): void {
  const { values, sli, provider, url } = source
  const asks = sli !== undefined || provider !== undefined || url !== undefined
  if (values !== undefined && asks) {
    throw new InputProblem({ complaint: '--values excludes --sli, --provider and --url' })
  }
  if (values !== undefined) return
  if (!asks) {
    const complaint =
      'values are needed: --values values.json, or --sli sli.yaml --provider prometheus --url URL'
    throw new InputProblem({ complaint })
  }
  if (provider === undefined) {
    throw new InputProblem({ complaint: '--provider is missing; it is prometheus' })
  }
  if (provider !== PROMETHEUS_PROVIDER) {
    const complaint = `--provider ${provider} is not known here; it is prometheus`
    throw new InputProblem({ complaint })
  }
  if (url === undefined) throw new InputProblem({ complaint: '--url is missing' })
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    const complaint = `--url ${JSON.stringify(withoutUserinfo(url))} is not an http or https address`
    throw new InputProblem({ complaint })
  }
}

function withoutUserinfo(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}

/** With a file of values a window is only shown, so that none is needed. */
function windowOf(source: GateSource, nowMs: number): EvaluationWindow | undefined {
  const { start, end, timeframe, values } = source
  const isGiven = start !== undefined || end !== undefined || timeframe !== undefined
  if (values !== undefined && !isGiven) return undefined
  const found = explicitWindow({ start, end, timeframe }, nowMs, 'flags')
  if (!found.ok) throw new InputProblem({ complaint: found.message })
  return found.window
}

async function previousOf(source: GateSource): Promise<readonly PreviousEvaluation[]> {
  if (source.previous === undefined) return []
  const file = source.previous
  const text = await textOf(source, file)
  const parsed = parseYaml(PreviousFile, text, file, { unknownKeys: 'warn' })
  if (!parsed.ok) throw new InputProblem({ problems: parsed.problems })
  return parsed.value.map(({ id, result, evaluation }, index) =>
    // An evaluation object carries no id; its place in the list says which one was meant.
    toPreviousEvaluation(id ?? `previous[${index}]`, result ?? '', evaluation),
  )
}

async function measureOf(
  source: GateSource,
  slo: Slo,
  window: EvaluationWindow | undefined,
): Promise<{ readonly measure: Measure; readonly warnings: readonly Problem[] }> {
  if (source.values !== undefined) {
    const text = await textOf(source, source.values)
    const parsed = parseYaml(ValuesFile, text, source.values, { unknownKeys: 'warn' })
    if (!parsed.ok) throw new InputProblem({ problems: parsed.problems })
    return { measure: { from: 'file', values: parsed.value.indicatorValues }, warnings: [] }
  }
  const files =
    source.sli === undefined ? [] : [{ file: source.sli, text: await textOf(source, source.sli) }]
  const sli = readSli(files)
  if (!sli.ok) throw new InputProblem({ problems: sli.problems })
  if (window === undefined || source.url === undefined) {
    throw new InputProblem({ complaint: '--url is missing' })
  }
  const { queries, warnings } = sli
  const scope = scopeOf(source, slo)
  return {
    measure: { from: 'prometheus', url: source.url, queries, window, scope, source },
    warnings,
  }
}

function scopeOf({ project, stage, service, labels = {} }: GateSource, slo: Slo): QueryScope {
  return {
    project: project ?? '',
    stage: stage ?? '',
    service: service ?? '',
    labels,
    deployment: deploymentOf(undefined, labels),
    filters: slo.filter,
  }
}

async function textOf(source: GateSource, file: string): Promise<string> {
  const read = source.readText ?? ((name) => readFile(name, 'utf8'))
  try {
    return await read(file)
  } catch (thrown) {
    const code = (thrown as { code?: unknown }).code
    const reason = code === 'ENOENT' ? 'there is no such file' : String(code ?? thrown)
    throw new InputProblem({ complaint: `${file} cannot be read: ${reason}` })
  }
}

/** Values from the file, or asked now. */
export async function measureValues(
  { measure, slo }: GateInput,
  power: { readonly http: GuardedHttp; readonly signal?: AbortSignal },
): Promise<{
  readonly values: readonly IndicatorValue[]
  readonly details: Readonly<Record<string, SliDetail>>
}> {
  if (measure.from === 'file') return { values: measure.values, details: {} }
  const { user, password, bearerToken, headers } = measure.source
  const settings = { url: measure.url, user, password, bearerToken, headers }
  const provider = createPrometheusProvider({ name: PROMETHEUS_PROVIDER, settings }, power)
  const indicators = [...new Set(slo.objectives.map((objective) => objective.sli))]
  const answers = await fetchValues([{ provider, indicators, queries: measure.queries }], {
    window: measure.window,
    scope: measure.scope,
    ...(power.signal && { signal: power.signal }),
  })
  const values = indicators.flatMap((indicator) => answers.get(indicator) ?? [])
  return {
    values: values.map(toIndicatorValue),
    details: Object.fromEntries(values.map((value) => [value.metric, value.detail])),
  }
}
