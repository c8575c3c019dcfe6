import type { Connection } from '@tiphys/contract/connections/connections.ts'
import type { IndicatorValue } from '@tiphys/contract/evaluation.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { PreviousFile, ValuesFile } from '@tiphys/contract/offline-gate.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import { RESULT_FORMATS, ResultFormat } from '@tiphys/contract/test-result-format.ts'
import type { TestResults } from '@tiphys/contract/test-results.ts'
import type { PreviousEvaluation } from '@tiphys/core/evaluation/baseline.ts'
import { deploymentOf, type QueryScope } from '@tiphys/core/evaluation/query-scope.ts'
import {
  type EvaluationWindow,
  explicitWindow,
  windowAhead,
} from '@tiphys/core/evaluation/window.ts'
import { toPreviousEvaluation } from '@tiphys/core/evaluation/wire.ts'
import type { Subject } from '@tiphys/core/explanation/explanation.ts'
import { combineResults } from '@tiphys/core/load/combined-results.ts'
import type { Slo } from '@tiphys/core/slo/slo.ts'
import { readSlo } from './evaluation/slo-text.ts'
import { gateConnections } from './offline-gate/gate-connections.ts'
import { type GateHistory, openHistory } from './offline-gate/gate-history.ts'
import { type GateQueries, gateQueries } from './offline-gate/gate-queries.ts'
import { type GateSource, InputProblem } from './offline-gate/gate-source.ts'
import { parseGateFile, parseGrownFile, readGateFile } from './offline-gate/read-gate-file.ts'
import { readTestResults } from './test-results/read-test-results.ts'

export type GateInput = {
  readonly slo: Slo
  readonly sloText: string
  /** Newest first. */
  readonly previous: readonly PreviousEvaluation[]
  readonly history: GateHistory | undefined
  readonly warnings: readonly Problem[]
  readonly window: EvaluationWindow | undefined
  readonly subject: Subject
  readonly measure: GateMeasure
}

export type GateMeasure =
  | { readonly from: 'file'; readonly values: readonly IndicatorValue[] }
  | ({
      readonly from: 'providers'
      readonly connections: ReadonlyMap<string, Connection>
      readonly testResults: TestResults | undefined
      readonly window: EvaluationWindow
      readonly scope: QueryScope
    } & Omit<GateQueries, 'warnings'>)

/** Reads and checks everything before anything is asked. Throws InputProblem. */
export async function readGateInput(source: GateSource, nowMs: number): Promise<GateInput> {
  checkUse(source)
  const sloText = await readGateFile(source, source.slo)
  const read = readSlo({ file: source.slo, text: sloText })
  if (!read.ok) throw new InputProblem({ problems: read.problems })
  const findings = [...read.warnings, ...read.findings]
  if (findings.some((problem) => problem.severity === 'error')) {
    throw new InputProblem({ problems: findings })
  }
  const { slo } = read
  const window = windowOf(source, nowMs)
  const { measure, warnings } = await measureOf(source, slo, window)
  const subject = {
    project: source.project ?? null,
    stage: source.stage ?? null,
    service: source.service ?? null,
    version: source.labels?.['version'] ?? null,
  }
  const given = await previousOf(source)
  const history = source.history === undefined ? undefined : await openHistory(source, subject)
  return {
    slo,
    sloText,
    previous: history?.previous ?? given,
    history,
    window,
    subject,
    measure,
    warnings: [...findings, ...warnings],
  }
}

function checkUse(source: GateSource): void {
  const { values, sli = [], provider, url, connections, testResults = [] } = source
  const asks = sli.length > 0 || [provider, url, connections].some((flag) => flag !== undefined)
  if (values !== undefined && (asks || testResults.length > 0)) {
    const complaint = '--values excludes --sli, --provider, --url, --connections and --test-results'
    throw new InputProblem({ complaint })
  }
  if (source.previous !== undefined && source.history !== undefined) {
    throw new InputProblem({ complaint: '--previous excludes --history' })
  }
  if (values !== undefined || asks || testResults.length > 0) return
  const complaint =
    'values are needed: --values values.json, or --sli sli.yaml --provider prometheus --url URL, or --test-results junit:report.xml'
  throw new InputProblem({ complaint })
}

/** With a file of values a window is only shown, so that none is needed. */
function windowOf(source: GateSource, nowMs: number): EvaluationWindow | undefined {
  const { start, end, timeframe, values } = source
  const isGiven = start !== undefined || end !== undefined || timeframe !== undefined
  if (values !== undefined && !isGiven) return undefined
  const found = explicitWindow({ start, end, timeframe }, nowMs, 'flags')
  if (!found.ok) throw new InputProblem({ complaint: found.message })
  const ahead = windowAhead(found.window, nowMs)
  if (ahead !== undefined) throw new InputProblem({ complaint: ahead })
  return found.window
}

async function previousOf(source: GateSource): Promise<readonly PreviousEvaluation[]> {
  if (source.previous === undefined) return []
  const entries = await parseGrownFile(source, PreviousFile, source.previous)
  return entries.map(({ id, result, labels, evaluation }, index) => ({
    // An evaluation object carries no id; its place in the list says which one was meant.
    ...toPreviousEvaluation(id ?? `previous[${index}]`, result ?? '', evaluation),
    labels,
  }))
}

async function measureOf(
  source: GateSource,
  slo: Slo,
  window: EvaluationWindow | undefined,
): Promise<{ readonly measure: GateMeasure; readonly warnings: readonly Problem[] }> {
  if (source.values !== undefined || window === undefined) {
    const { value } = await parseGateFile(source, ValuesFile, source.values ?? '')
    return { measure: { from: 'file', values: value.indicatorValues }, warnings: [] }
  }
  const connections = await gateConnections(source)
  const indicators = slo.objectives.map((objective) => objective.sli)
  const { warnings, ...queries } = await gateQueries(source, connections, indicators)
  const testResults = await resultsOf(source)
  const scope = scopeOf(source, slo)
  return {
    measure: { from: 'providers', connections, testResults, window, scope, ...queries },
    warnings,
  }
}

/** Several files together, as on a server: a failure in one of them is not lost behind the next. */
async function resultsOf(source: GateSource): Promise<TestResults | undefined> {
  const all: JsonObject[] = []
  for (const { format, file } of (source.testResults ?? []).map(resultsFileOf)) {
    const read = readTestResults(format, await readGateFile(source, file), file)
    if (!read.ok) throw new InputProblem({ problems: [read.problem] })
    // Read from JSON, or made of numbers and names.
    all.push(read.results as JsonObject)
  }
  if (all.length === 0) return undefined
  const targets: NonNullable<TestResults['targets']> = Object.assign(
    {},
    ...all.map((one) => one['targets'] ?? {}),
  )
  return { ...combineResults(all), ...(Object.keys(targets).length > 0 && { targets }) }
}

/** `junit:report.xml`. */
function resultsFileOf(given: string): { readonly format: ResultFormat; readonly file: string } {
  const [, format, file] = /^([^:]*):(.+)$/s.exec(given) ?? []
  const known = ResultFormat.safeParse(format)
  if (known.success && file !== undefined) return { format: known.data, file }
  const complaint = `--test-results ${given}: it is <format>:<file>, with one of ${RESULT_FORMATS.join(', ')}`
  throw new InputProblem({ complaint })
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
