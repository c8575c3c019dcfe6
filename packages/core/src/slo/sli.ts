import type { JsonObject } from '@tiphys/contract/json.ts'
import type { SeriesAggregate, SliFile } from '@tiphys/contract/sli.ts'

/** What stands for one indicator in a provider's sli.yaml. */
export type SliQuery = {
  /** Empty: the file names the indicator and no query for it. */
  readonly query: string
  readonly unit?: string
  readonly aggregate?: SeriesAggregate
  readonly scale?: number
  /** What only the provider knows. */
  readonly with?: JsonObject
}

/** Queries by indicator. */
export type SliQueries = Readonly<Record<string, SliQuery>>

/** Project, stage and service level; the more special one wins, name by name (facts/keptn-v1.md 3.1). */
export function mergeSli(leastSpecialFirst: readonly SliFile[]): SliQueries {
  const entries = leastSpecialFirst.flatMap((file) => Object.entries(file.indicators ?? {}))
  return Object.fromEntries(entries.map(([name, indicator]) => [name, queryOf(indicator)]))
}

type Indicator = NonNullable<SliFile['indicators']>[string]

function queryOf(indicator: Indicator): SliQuery {
  const { query, unit, aggregate, scale, with: options } = indicator ?? {}
  return {
    query: query ?? '',
    ...(unit ? { unit } : {}),
    ...(aggregate ? { aggregate } : {}),
    ...(typeof scale === 'number' ? { scale } : {}),
    ...(options ? { with: options } : {}),
  }
}

/** Whom to ask for each indicator; null: nobody has it. In the order of the indicators, each once. */
export type ProviderAssignment =
  | { readonly ok: true; readonly providers: ReadonlyMap<string, string | null> }
  | { readonly ok: false; readonly message: string }

/**
 * Which provider is asked for which indicator (design/compatibility.md): the one whose `<provider>/sli.yaml` names it; where several do,
 * the project's setting decides. What no file names goes to the only provider that has a file, else to the setting. None at all ends the
 * evaluation as errored: Keptn passed it.
 */
export function assignProviders(
  indicators: readonly string[],
  files: Readonly<Record<string, SliQueries>>,
  setting: string | undefined,
  project: string,
): ProviderAssignment {
  const named = Object.keys(files)
  if (named.length === 0 && setting === undefined) {
    const message = `no SLI provider for project ${project}: add <provider>/sli.yaml, or set sliProvider in tiphys/project.yaml`
    return { ok: false, message }
  }
  const usual = usualProvider(named, setting)
  const providers = new Map<string, string | null>()
  for (const indicator of indicators) {
    const owners = named.filter((name) => Object.hasOwn(files[name] ?? {}, indicator))
    const [owner, second] = owners
    if (owner === undefined) providers.set(indicator, usual)
    else if (second === undefined) providers.set(indicator, owner)
    else if (setting !== undefined && owners.includes(setting)) providers.set(indicator, setting)
    else {
      const places = owners.map((name) => `${name}/sli.yaml`).join(' and ')
      const message = `${indicator} is in ${places}: set sliProvider in tiphys/project.yaml to the one that counts, or take it out of the others`
      return { ok: false, message }
    }
  }
  return { ok: true, providers }
}

function usualProvider(named: readonly string[], setting: string | undefined): string | null {
  const [only, second] = named
  if (only === undefined) return setting ?? null
  if (setting !== undefined && named.includes(setting)) return setting
  return second === undefined ? only : null
}
