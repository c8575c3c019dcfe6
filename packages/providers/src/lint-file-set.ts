import { ArgocdYaml } from '@tiphys/contract/argocd-yaml.ts'
import type { Problem } from '@tiphys/contract/problem.ts'
import { ProjectYaml } from '@tiphys/contract/project-yaml.ts'
import { SettingsFile } from '@tiphys/contract/settings.ts'
import { SliFile } from '@tiphys/contract/sli.ts'
import { SloFile } from '@tiphys/contract/slo.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { BUILT_IN_TEST_INDICATORS } from '@tiphys/contract/test-results.ts'
import { lintTestsYaml } from '@tiphys/contract/tests-yaml.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import { BUILT_IN_PROMETHEUS_INDICATORS } from '@tiphys/core/evaluation/prometheus-query.ts'
import { bySeverity } from '@tiphys/core/lint/finding.ts'
import { lintSliFile, lintSloFile } from './evaluation/slo-text.ts'
import { type FileKind, fileKindOf, unknownKindSentence } from './file-kind.ts'
import { readProjectFile, readShipyardFile } from './lint-files.ts'
import { type Connected, connectionsOf, lintSliQueries, providerMeant } from './lint-sli-queries.ts'

/**
 * What is wrong with files that belong together: each for itself, and the names they use of each other (stages of the shipyard in
 * project.yaml, indicators of sli.yaml in slo.yaml). Errors of one file first, files in the order given.
 * @param files text by name; the name (else the content) says what kind of file it is.
 */
export function lintFileSet(files: Readonly<Record<string, string>>): readonly Problem[] {
  const known = Object.entries(files).map(([file, text]) => ({
    file,
    text,
    kind: fileKindOf(file, text),
  }))
  const set = {
    stages: stagesOf(known),
    indicators: indicatorsOf(known),
    connections: connectionsOf(settingsOf(known)),
  }
  return known.flatMap((one) => bySeverity(lintOne(one, set)))
}

type KnownFile = {
  readonly file: string
  readonly text: string
  readonly kind: FileKind | undefined
}

type Shared = {
  /** Of the only shipyard; undefined when there is none, or several. */
  readonly stages: readonly string[] | undefined
  /** Of all sli.yaml files; undefined when there is none. */
  readonly indicators: readonly string[] | undefined
  /** What the folders of sli.yaml files name. */
  readonly connections: ReadonlyMap<string, Connected>
}

function lintOne({ file, text, kind }: KnownFile, set: Shared): readonly Problem[] {
  switch (kind) {
    case 'shipyard':
      return readShipyardFile(text, file).problems
    case 'project':
      return [
        ...readProjectFile(text, file, set.stages).problems,
        ...misspeltProvider(text, file, set.connections),
      ]
    case 'slo':
      return [...lintSloFile(text, file), ...unknownIndicators(text, file, set.indicators)]
    case 'sli':
      return [...lintSliFile(text, file), ...lintSliQueries(text, file, set.connections)]
    case 'tests':
      return lintTestsYaml(text, file)
    case 'argocd':
      return strictProblems(ArgocdYaml, text, file)
    case 'settings':
      return strictProblems(SettingsFile, text, file)
    case 'not-ours':
      return [whole(file, 'info', 'this file is not read by Tiphys yet, so nothing was checked')]
    case undefined:
      return [whole(file, 'error', unknownKindSentence(file))]
  }
}

/** `sliProvider` may name an integration that nobody here knows of; a name that is nearly one of ours hardly does. */
function misspeltProvider(
  text: string,
  file: string,
  connections: Shared['connections'],
): readonly Problem[] {
  const parsed = parseYaml(ProjectYaml, text, file, { unknownKeys: 'error' })
  const name = parsed.ok ? parsed.value.sliProvider : undefined
  const meant = name === undefined ? undefined : providerMeant(name, connections)
  if (!parsed.ok || meant === undefined) return []
  const message = `no provider here is called ${name}, so an integration has to answer; did you mean ${meant}?`
  return [{ severity: 'warning', file, ...parsed.at(['sliProvider']), message }]
}

/** Our own files: what is not known is an error. */
function strictProblems(
  schema: Parameters<typeof parseYaml>[0],
  text: string,
  file: string,
): readonly Problem[] {
  const parsed = parseYaml(schema, text, file, { unknownKeys: 'error' })
  return parsed.ok ? parsed.warnings : parsed.problems
}

function whole(file: string, severity: Problem['severity'], message: string): Problem {
  return { severity, file, line: 1, column: 1, message }
}

function stagesOf(files: readonly KnownFile[]): readonly string[] | undefined {
  const shipyards = files.filter(({ kind }) => kind === 'shipyard')
  const [only, ...others] = shipyards
  if (only === undefined || others.length > 0) return undefined
  const reading = readShipyardFile(only.text, only.file)
  return reading.ok ? reading.value.spec.stages.map((stage) => stage.name) : undefined
}

/** Of the only tiphys.yaml. */
function settingsOf(files: readonly KnownFile[]): SettingsFile | undefined {
  const [only, ...others] = files.filter(({ kind }) => kind === 'settings')
  if (only === undefined || others.length > 0) return undefined
  const parsed = parseYaml(SettingsFile, only.text, only.file, { unknownKeys: 'error' })
  return parsed.ok ? parsed.value : undefined
}

function indicatorsOf(files: readonly KnownFile[]): readonly string[] | undefined {
  const found = files.filter(({ kind }) => kind === 'sli')
  if (found.length === 0) return undefined
  return found.flatMap(({ file, text }) => {
    const parsed = parseYaml(SliFile, text, file, { unknownKeys: 'warn' })
    return parsed.ok ? Object.keys(parsed.value.indicators ?? {}) : []
  })
}

/** Which sli.yaml serves which slo.yaml depends on places that only a project knows: a name that is in none of them is a warning. */
function unknownIndicators(
  text: string,
  file: string,
  indicators: readonly string[] | undefined,
): readonly Problem[] {
  if (indicators === undefined) return []
  const read = parseYaml(SloFile, text, file, { unknownKeys: 'warn' })
  if (!read.ok) return []
  const builtIn = [...BUILT_IN_PROMETHEUS_INDICATORS, ...Object.keys(BUILT_IN_TEST_INDICATORS)]
  const known = [...indicators, ...builtIn]
  return (read.value.objectives ?? []).flatMap((objective, index) => {
    const name = objective?.sli ?? ''
    if (name === '' || known.includes(name)) return []
    const meant = didYouMean(name, known)
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    const place = read.at(['objectives', index, 'sli'])
    const message = `no sli.yaml here has a query for ${name}${hint}`
    return [{ severity: 'warning' as const, file, ...place, message }]
  })
}
