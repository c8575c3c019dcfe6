import { CONNECTION_KINDS } from '@tiphys/contract/connections/connections.ts'
import type { ImportReport } from '@tiphys/contract/import-report.ts'
import type { Shipyard } from '@tiphys/contract/shipyard.ts'
import type { Locate } from '@tiphys/contract/yaml-file.ts'
import { TEST_RESULTS_PROVIDER } from '@tiphys/core/evaluation/test-results-value.ts'
import { evaluationDifferences } from '@tiphys/core/import/evaluation-differences.ts'
import { fileDifferences, isRefusal } from '@tiphys/core/import/file-differences.ts'
import type { ImportedFile, ImportProject } from '@tiphys/core/import/import-project.ts'
import { outsideGit } from '@tiphys/core/import/outside-git.ts'
import { serviceFileKind } from '@tiphys/core/import/service-files.ts'
import { taskDifferences } from '@tiphys/core/import/task-differences.ts'
import { readProjectFile } from '../lint-files.ts'
import type { KeptnRepository } from './keptn-repository.ts'
import { fileIs, inOrder, type PlacedFinding, placedFinding, placedOf } from './placed-finding.ts'
import { type FileReport, isComparing, type ReadShipyard, readFileReport } from './read-files.ts'
import { jobNames, type ServiceNames, webhookNames } from './service-names.ts'
import { unchangedOf } from './unchanged.ts'

/** Argo CD's own figures need no connection beside the one to Argo CD. */
const ARGOCD = 'argocd'
/** What this server can ask for values. */
const BUILT_IN_PROVIDERS = [...Object.keys(CONNECTION_KINDS), TEST_RESULTS_PROVIDER, ARGOCD]

/**
 * Everything there is to say about a Keptn project, errors first.
 * @param read the shipyard of `repository`, which the caller had to read to know the stages.
 */
export function importReport(
  repository: KeptnRepository,
  read: ReadShipyard & { ok: true },
): ImportReport {
  const { shipyard } = read
  const stages = shipyard.spec.stages.map(({ name }) => name)
  const shipyardFile = repository.files.find(
    ({ place, uri }) => place.level === 'project' && uri === 'shipyard.yaml',
  )
  const names = serviceNames(repository)
  const project = projectOf(repository, shipyard, names, stages)
  const locates = new Map<ImportedFile, Locate>(names.map((one) => [one.answerer.file, one.at]))
  if (shipyardFile !== undefined) locates.set(shipyardFile, read.report.at)

  const placed: PlacedFinding[] = []
  const add = (file: ImportedFile | undefined, report: FileReport) => {
    placed.push(...placedOf(file, report))
  }
  add(shipyardFile, read.report)
  for (const [file, text] of repository.texts) {
    const report = readFileReport(file, text, stages)
    if (report === undefined) continue
    locates.set(file, report.at)
    add(file, report)
  }
  const tasks = taskDifferences(project).map((difference) => ({
    ...difference,
    ...fileIs(shipyardFile),
  }))
  const across = [
    ...tasks,
    ...evaluationDifferences(project),
    ...fileDifferences(project),
    ...outsideGit(project, {
      secrets: names.flatMap(({ secrets }) => secrets),
      ...comparing(repository),
    }),
  ]
  for (const { file, ...difference } of across) {
    const at = (file && locates.get(file)) ?? (() => ({ line: 1, column: 1 }))
    placed.push(placedFinding(difference, file, at(difference.path), isRefusal(difference)))
  }
  return {
    source: sourceOf(repository),
    ...(repository.project === undefined ? {} : { project: repository.project }),
    stages,
    services: [...new Set(repository.services.map(({ service }) => service))].sort(),
    files: {
      count: repository.files.length,
      bytes: repository.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    },
    findings: inOrder(placed).map(({ finding }) => finding),
    unchanged: unchangedOf(repository, shipyard, placed),
  }
}

function sourceOf({ name, layout, branch, commit }: KeptnRepository): ImportReport['source'] {
  return {
    name,
    layout,
    ...(branch === undefined ? {} : { branch }),
    ...(commit === undefined ? {} : { commit }),
  }
}

function serviceNames({ texts }: KeptnRepository): ServiceNames[] {
  return [...texts].flatMap(([file, text]) => {
    const kind = serviceFileKind(file.uri)
    if (kind === 'webhook') return webhookNames(file, text) ?? []
    return kind === 'job' ? (jobNames(file, text) ?? []) : []
  })
}

function projectOf(
  repository: KeptnRepository,
  shipyard: Shipyard,
  names: readonly ServiceNames[],
  stages: readonly string[],
): ImportProject {
  const settings = [...repository.texts].find(
    ([file]) => file.place.level === 'project' && serviceFileKind(file.uri) === 'project',
  )
  const read = settings && readProjectFile(settings[1], settings[0].path, stages)
  const provider = read?.ok === true ? read.value.sliProvider : undefined
  return {
    name: repository.project ?? shipyard.metadata?.name ?? 'of this repository',
    stages: shipyard.spec.stages,
    services: repository.services,
    files: repository.files,
    notFiles: repository.notFiles,
    missingStages: repository.missingStages,
    withoutBranches: repository.layout === 'branch-per-stage' && repository.branch === undefined,
    answerers: names.map(({ answerer }) => answerer),
    ...(provider === undefined ? {} : { sliProvider: provider }),
    builtInProviders: BUILT_IN_PROVIDERS,
  }
}

function comparing({ texts }: KeptnRepository): { comparing?: ImportedFile } {
  for (const [file, text] of texts) {
    const isSlo = serviceFileKind(file.uri) === 'slo' && file.place.level === 'service'
    if (isSlo && isComparing(text, file.path)) return { comparing: file }
  }
  return {}
}
