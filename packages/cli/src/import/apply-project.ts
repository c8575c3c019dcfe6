import type { ImportApplied } from '@tiphys/contract/import-report.ts'
import type { KeptnPlace } from '@tiphys/core/configuration/keptn-layout.ts'
import type { ImportedFile } from '@tiphys/core/import/import-project.ts'
import { ServerRefusedError } from '../client/errors.ts'
import type { HttpClient } from '../client/http-client.ts'
import {
  createProject,
  createService,
  getProject,
  servicesOf,
  updateProject,
} from '../client/projects.ts'
import { openClient } from '../connection/open-client.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printNote } from '../output/print.ts'
import { type PlaceResult, writePlace } from './apply-place.ts'
import { FOLDER } from './folder-source.ts'
import type { ReadProject } from './read-project.ts'
import type { Source } from './source.ts'

export type ApplyOptions = GlobalOptions & { readonly overwrite?: boolean }

const NOT_FOUND = 404
/** What the server writes itself, and what is the project. */
const NO_RESOURCES = new Set(['metadata.yaml', 'shipyard.yaml'])

/**
 * Creates project, services and files, one commit for each place, and reads every file back. What is there already stays: done twice,
 * the second time creates nothing, and a file that somebody changed since is only named unless `overwrite`.
 */
export async function applyProject(
  source: Source,
  { repository, shipyard, shipyardText }: ReadProject,
  project: string,
  options: ApplyOptions,
): Promise<ImportApplied> {
  const client = openClient(options)
  const overwrite = options.overwrite === true
  const before = await existingProject(client, project)
  const isOther = before !== undefined && before.shipyard !== shipyardText
  if (isOther && !overwrite) throw otherShipyard(project)
  if (before === undefined) await createProject(client, { name: project, shipyard: shipyardText })
  if (isOther) await updateProject(client, { name: project, shipyard: shipyardText })
  const known = before === undefined ? [] : servicesOf(before)
  const stages = new Set(shipyard.shipyard.spec.stages.map(({ name }) => name))
  try {
    const servicesCreated = await createServices(client, project, repository, known)
    const results: PlaceResult[] = []
    for (const files of placesOf(repository.files, stages)) {
      results.push(await writeFiles(client, project, files, source, options))
    }
    return {
      project,
      projectCreated: before === undefined,
      servicesCreated,
      ...totalOf(results),
    }
  } catch (error) {
    printNote('What was created until here stays; the same command goes on from there.')
    throw error
  }
}

async function createServices(
  client: HttpClient,
  project: string,
  { services }: ReadProject['repository'],
  known: readonly string[],
): Promise<string[]> {
  const wanted = [...new Set(services.map(({ service }) => service))].sort()
  const created = wanted.filter((service) => !known.includes(service))
  for (const service of created) await createService(client, project, service)
  return created
}

async function writeFiles(
  client: HttpClient,
  project: string,
  files: readonly [ImportedFile, ...ImportedFile[]],
  source: Source,
  options: ApplyOptions,
): Promise<PlaceResult> {
  const [{ place }] = files
  if (options.quiet !== true) {
    printNote(`${files.length} file${files.length === 1 ? '' : 's'} of ${nameOf(place)} …`)
  }
  const read = (file: ImportedFile) => source.read(file.branch ?? FOLDER, file.path)
  return await writePlace(client, placeIn(project, place), files, read, options.overwrite === true)
}

function totalOf(results: readonly PlaceResult[]) {
  return {
    filesWritten: sum(results, ({ written }) => written),
    filesUnchanged: sum(results, ({ unchanged }) => unchanged),
    filesDifferent: results.flatMap(({ different }) =>
      different.map((file) => `${nameOf(file.place)}: ${file.uri}`),
    ),
    commits: sum(results, ({ commits }) => commits),
    filesVerified: sum(results, ({ verified }) => verified),
  }
}

async function existingProject(client: HttpClient, project: string) {
  try {
    return await getProject(client, project)
  } catch (error) {
    if (error instanceof ServerRefusedError && error.status === NOT_FOUND) return undefined
    throw error
  }
}

function otherShipyard(project: string): CommandFailure {
  return new CommandFailure(
    `project ${project} is there with another shipyard.yaml, so nothing was changed; take another name with --project, or replace shipyard and files with --overwrite`,
  )
}

/** Files by place; project files first, so that a project is usable as soon as its stages are. */
function placesOf(
  files: readonly ImportedFile[],
  stages: ReadonlySet<string>,
): [ImportedFile, ...ImportedFile[]][] {
  const own = files.filter(
    ({ place, uri }) =>
      !NO_RESOURCES.has(uri) && (place.level === 'project' || stages.has(place.stage)),
  )
  const groups = Map.groupBy(own, ({ place }) => JSON.stringify(place))
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [[first, ...others]],
  )
}

function placeIn(project: string, place: KeptnPlace) {
  if (place.level === 'project') return { project }
  const { stage } = place
  return place.level === 'stage' ? { project, stage } : { project, stage, service: place.service }
}

function nameOf(place: KeptnPlace): string {
  if (place.level === 'project') return 'the project'
  const stage = `stage ${place.stage}`
  return place.level === 'stage' ? stage : `${place.service} in ${stage}`
}

function sum<T>(all: readonly T[], numberOf: (one: T) => number): number {
  return all.reduce((total, one) => total + numberOf(one), 0)
}
