import type { SliFile } from '@tiphys/contract/sli.ts'

/** Queries by indicator. */
export type SliQueries = Readonly<Record<string, string>>

/** Project, stage and service level; the more special one wins, name by name (facts/keptn-v1.md 3.1). */
export function mergeSli(leastSpecialFirst: readonly SliFile[]): SliQueries {
  const entries = leastSpecialFirst.flatMap((file) => Object.entries(file.indicators ?? {}))
  return Object.fromEntries(entries.map(([name, query]) => [name, query ?? '']))
}

export type ProviderChoice =
  | { readonly ok: true; readonly provider: string }
  | { readonly ok: false; readonly message: string }

/**
 * Which provider an evaluation asks (design/compatibility.md): the one whose `<provider>/sli.yaml` there is, else the project's
 * setting. With several such files the setting decides between them. None at all ends the evaluation as errored: Keptn passed it.
 */
export function resolveSliProvider(
  providersWithFile: readonly string[],
  setting: string | undefined,
  project: string,
): ProviderChoice {
  const [only, second] = providersWithFile
  if (setting !== undefined && (only === undefined || providersWithFile.includes(setting))) {
    return { ok: true, provider: setting }
  }
  if (only === undefined) {
    const message = `no SLI provider for project ${project}: add <provider>/sli.yaml, or set sliProvider in tiphys/project.yaml`
    return { ok: false, message }
  }
  if (second === undefined) return { ok: true, provider: only }
  const files = providersWithFile.map((provider) => `${provider}/sli.yaml`).join(', ')
  const message = `several SLI providers are configured (${files}): set sliProvider in tiphys/project.yaml to one of them`
  return { ok: false, message }
}
