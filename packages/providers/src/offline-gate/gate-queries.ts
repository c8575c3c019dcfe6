import { CONNECTION_KINDS } from '@tiphys/contract/connections/connections.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import { TEST_RESULTS_PROVIDER } from '@tiphys/core/evaluation/test-results-value.ts'
import { assignProviders, type SliQueries } from '@tiphys/core/slo/sli.ts'
import { type NamedText, readSliFiles } from '../evaluation/slo-text.ts'
import { type GateConnections, kindOf } from './gate-connections.ts'
import { type GateSource, InputProblem } from './gate-source.ts'
import { readGateFile } from './read-gate-file.ts'

/** Whom to ask for each indicator, and what. */
export type GateQueries = {
  readonly providers: ReadonlyMap<string, string | null>
  readonly queries: Readonly<Record<string, SliQueries>>
  readonly warnings: readonly Problem[]
}

/** Reads the sli.yaml files and finds out who answers for each indicator. Throws InputProblem. */
export async function gateQueries(
  source: GateSource,
  connections: GateConnections,
  indicators: readonly string[],
): Promise<GateQueries> {
  const known = [...connections.keys()]
  if (source.testResults?.length) known.push(TEST_RESULTS_PROVIDER)
  const setting = settingOf(source, connections, known)
  const files = new Map<string, NamedText[]>()
  for (const given of source.sli ?? []) {
    const { provider, file } = ownerOf(given, known, setting)
    const text = await readGateFile(source, file)
    files.set(provider, [...(files.get(provider) ?? []), { file, text }])
  }
  const read = readSliFiles(Object.fromEntries(files))
  if (!read.ok) throw new InputProblem({ problems: read.problems })
  const choice = assignProviders(indicators, read.queries, setting, source.project ?? '')
  if (!choice.ok) {
    throw new InputProblem({ complaint: `${choice.message}; without a server --provider says it` })
  }
  for (const name of new Set(choice.providers.values())) {
    if (name === null || known.includes(name)) continue
    throw new InputProblem({ complaint: nobody(name) })
  }
  return { providers: choice.providers, queries: read.queries, warnings: read.warnings }
}

/** A folder that is called so holds queries in this provider's language, and in no other. */
function isBuiltIn(name: string): boolean {
  return Object.hasOwn(CONNECTION_KINDS, name) || name === TEST_RESULTS_PROVIDER
}

function nobody(name: string): string {
  return name === TEST_RESULTS_PROVIDER
    ? `${name} has nothing to read: name files with --test-results`
    : `there is no connection ${name}: --provider ${name} --url URL makes one, or --connections names a file that has it`
}

/** Asked for what no file names. */
function settingOf(
  { provider }: GateSource,
  connections: GateConnections,
  known: readonly string[],
): string | undefined {
  if (provider === undefined) return known.length === 1 ? known[0] : undefined
  if (provider === TEST_RESULTS_PROVIDER || connections.has(provider)) return provider
  kindOf(provider)
  throw new InputProblem({
    complaint: `--url is missing, or --connections with a file that has ${provider}`,
  })
}

/** `<provider>=<file>`, `…/<provider>/sli.yaml`, or the only one that there is. */
function ownerOf(
  given: string,
  known: readonly string[],
  setting: string | undefined,
): { readonly provider: string; readonly file: string } {
  const [, named, rest] = /^([a-z0-9][a-z0-9-]*)=(.+)$/s.exec(given) ?? []
  if (named !== undefined && rest !== undefined) return { provider: named, file: rest }
  const folder = /(?:^|[\\/])([^\\/]+)[\\/]sli\.ya?ml$/.exec(given)?.[1]
  const isProvider = folder !== undefined && (known.includes(folder) || isBuiltIn(folder))
  if (isProvider) return { provider: folder, file: given }
  if (setting !== undefined) return { provider: setting, file: given }
  if (known.length === 0) {
    const complaint = `nobody is there to answer ${given}: --provider prometheus --url URL, or --connections`
    throw new InputProblem({ complaint })
  }
  const complaint = `--sli ${given}: whose queries are these? Write --sli <provider>=${given}; there are ${known.join(', ')}`
  throw new InputProblem({ complaint })
}
