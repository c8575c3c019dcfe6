import { ProjectMetadataFile } from '@tiphys/contract/keptn-service-files.ts'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import {
  findLayout,
  type KeptnLayout,
  locate,
  METADATA_FILE,
  placesOf,
} from '@tiphys/core/configuration/keptn-layout.ts'
import type { ImportedFile } from '@tiphys/core/import/import-project.ts'
import { isLookedInto, type KeptnRepository } from '@tiphys/providers/import/keptn-repository.ts'
import { type ReadShipyard, readShipyard } from '@tiphys/providers/import/read-files.ts'
import { CommandFailure } from '../failure.ts'
import { printNote } from '../output/print.ts'
import { FOLDER } from './folder-source.ts'
import { MAX_FILES, type Source, type SourceFile } from './source.ts'

const SHIPYARD_FILE = 'shipyard.yaml'
/** All texts that the report looks into, together. */
const MAX_ALL_TEXT_BYTES = 64 * 1024 * 1024

export type ReadProject = {
  readonly repository: KeptnRepository
  readonly shipyard: ReadShipyard & { readonly ok: true }
  readonly shipyardText: string
}

/** Reads a Keptn project, or says in one sentence why there is none. */
export async function readProject(source: Source): Promise<ReadProject> {
  const { defaultBranch } = source
  if (defaultBranch === undefined || !source.branches.has(defaultBranch)) throw noBranch(source)
  await source.bring([defaultBranch])
  const top = await source.list(defaultBranch)
  const text = await textOf(source, defaultBranch, top, SHIPYARD_FILE)
  const metadata = await textOf(source, defaultBranch, top, METADATA_FILE)
  const shipyard = text === undefined ? undefined : readShipyard(text, SHIPYARD_FILE)
  if (shipyard?.ok === false) {
    for (const problem of shipyard.problems) printNote(formatProblem(problem))
    throw new CommandFailure(`${SHIPYARD_FILE} cannot be read, so there is nothing to report on`)
  }
  const stages = shipyard?.shipyard.spec.stages.map(({ name }) => name)
  await source.bring(stages ?? [])
  const branches = await pathsOf(source, [defaultBranch, ...(stages ?? [])])
  const found = findLayout({ defaultBranch, branches, stages, metadata })
  if (found.code === 'none') throw new CommandFailure(`${source.name}: ${plain(found.reason)}`)
  if (found.code === 'empty' || shipyard === undefined || text === undefined) {
    const message = `${source.name} is empty: it has no ${SHIPYARD_FILE}, so there is no project in it`
    throw new CommandFailure(message)
  }
  const layout = { kind: found.code, mainBranch: found.mainBranch }
  const { files, notFiles } = await filesOf(source, layout, stages ?? [])
  const commit = source.commitOf(defaultBranch)
  const repository: KeptnRepository = {
    name: source.name,
    layout: found.code,
    ...(commit === undefined ? {} : { branch: defaultBranch, commit }),
    ...projectName(metadata),
    services: found.services,
    files,
    notFiles,
    missingStages: found.missingStages,
    texts: await textsOf(source, files),
  }
  return { repository, shipyard, shipyardText: text }
}

function noBranch(source: Source): CommandFailure {
  if (source.branches.size === 0) {
    return new CommandFailure(
      `${source.name} is empty: it has no branches, so there is no project in it`,
    )
  }
  const some = [...source.branches].slice(0, 5).join(', ')
  const what =
    source.defaultBranch === undefined
      ? 'its HEAD names no branch'
      : `it has no branch ${source.defaultBranch}`
  return new CommandFailure(
    `${source.name}: ${what}; say --branch with the one that has ${SHIPYARD_FILE} (there are ${some})`,
  )
}

/** A plain folder is no branch to the person who named it. */
function plain(reason: string): string {
  return reason.replace(`branch ${FOLDER} `, 'it ').replace(` on branch ${FOLDER}`, '')
}

async function pathsOf(
  source: Source,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const paths = new Map<string, readonly string[]>()
  for (const branch of new Set(wanted)) {
    if (!source.branches.has(branch)) continue
    paths.set(
      branch,
      (await source.list(branch)).map(({ path }) => path),
    )
  }
  return paths
}

async function filesOf(
  source: Source,
  layout: KeptnLayout,
  stages: readonly string[],
): Promise<{ files: ImportedFile[]; notFiles: ImportedFile[] }> {
  const branches =
    layout.kind === 'directories' ? [layout.mainBranch] : [layout.mainBranch, ...new Set(stages)]
  const files: ImportedFile[] = []
  const notFiles: ImportedFile[] = []
  for (const branch of branches) {
    if (!source.branches.has(branch)) continue
    const listed = await source.list(branch)
    const byPath = new Map<string, SourceFile>(listed.map((file) => [file.path, file]))
    for (const { place, uri } of placesOf(layout, branch, [...byPath.keys()])) {
      const path = `${locate(layout, place).folder}${uri}`
      const file = byPath.get(path)
      if (file === undefined) continue
      const known = source.isPlainFolder ? {} : { branch }
      const one = { place, uri, path, sizeBytes: file.sizeBytes, ...known }
      if (file.isRegular) files.push(one)
      else notFiles.push(one)
    }
  }
  if (files.length > MAX_FILES) {
    throw new CommandFailure(
      `${source.name} has ${files.length} files; at most ${MAX_FILES} are read`,
    )
  }
  return { files, notFiles }
}

async function textsOf(
  source: Source,
  files: readonly ImportedFile[],
): Promise<ReadonlyMap<ImportedFile, string>> {
  const wanted = files.filter(isLookedInto)
  const bytes = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  if (bytes > MAX_ALL_TEXT_BYTES) {
    throw new CommandFailure(
      `${source.name} has ${bytes} bytes of configuration; at most ${MAX_ALL_TEXT_BYTES} are read`,
    )
  }
  const texts = new Map<ImportedFile, string>()
  for (const file of wanted) {
    const content = await source.read(file.branch ?? FOLDER, file.path)
    texts.set(file, new TextDecoder().decode(content))
  }
  return texts
}

/** The name is a courtesy: a metadata.yaml that cannot be read has none. */
function projectName(metadata: string | undefined): { readonly project?: string } {
  if (metadata === undefined) return {}
  const parsed = parseYaml(ProjectMetadataFile, metadata, METADATA_FILE, { unknownKeys: 'warn' })
  const name = parsed.ok ? (parsed.value.projectName ?? parsed.value.projectname) : undefined
  return name ? { project: name } : {}
}

async function textOf(
  source: Source,
  branch: string,
  files: readonly SourceFile[],
  path: string,
): Promise<string | undefined> {
  const file = files.find((one) => one.path === path && one.isRegular)
  if (file === undefined || file.sizeBytes > MAX_ALL_TEXT_BYTES) return undefined
  return new TextDecoder().decode(await source.read(branch, path))
}
