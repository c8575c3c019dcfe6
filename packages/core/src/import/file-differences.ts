import { repositoryPathFault } from '@tiphys/contract/repository-path.ts'
import type { ImportedFile, ImportProject, LocatedDifference } from './import-project.ts'
import { insteadOf, notReadHere, type ServiceFileKind, serviceFileKind } from './service-files.ts'

/** A request to the server holds 32 MiB, and base64 makes a third more of a file; the rest is for the words around it. */
export const MAX_RESOURCE_BYTES = 23 * 1024 * 1024
/** Keptn's limit for names of services (facts/keptn-v1.md 1.8), and ours. */
const MAX_SERVICE_NAME_CHARACTERS = 43
const SERVICE_NAME = /^[a-z]([a-z0-9-]*[a-z0-9])?$/

/** What there is to say about files as such: names, sizes, places, and services of Keptn that read them. */
export function fileDifferences(project: ImportProject): readonly LocatedDifference[] {
  return [
    ...project.files.flatMap((file) => [...nameFault(file), ...sizeFault(file)]),
    ...notReadFiles(project),
    ...unknownFiles(project.files),
    ...project.notFiles.map(notAFile),
    ...copiesOfStages(project.files),
    ...foldersWithoutMetadata(project),
    ...stagesWithoutFiles(project),
    ...stagesWithoutShipyard(project),
    ...serviceDifferences(project),
    ...prometheusConnection(project),
  ]
}

/** Whether the server would refuse a file or a name, so that nothing of the project could be created. */
export function isRefusal(difference: LocatedDifference): boolean {
  return REFUSALS.has(difference.code)
}

const REFUSALS = new Set(['resource-name-refused', 'resource-too-large', 'service-name-refused'])

function nameFault(file: ImportedFile): LocatedDifference[] {
  const odd = ['~', '..'].find((text) => file.uri.includes(text))
  const fault = odd === undefined ? repositoryPathFault(file.uri) : `has ${odd} in it`
  if (fault === undefined) return []
  return [
    {
      severity: 'error',
      code: 'resource-name-refused',
      file,
      path: [],
      was: 'Keptn kept what was in the repository, whatever its name.',
      now: `It cannot be created: its name ${fault}.`,
      todo: 'Rename it, or adopt the repository as upstream, where files stay as they are.',
    },
  ]
}

function sizeFault(file: ImportedFile): LocatedDifference[] {
  if (file.sizeBytes <= MAX_RESOURCE_BYTES) return []
  const size = (file.sizeBytes / (1024 * 1024)).toFixed(1)
  return [
    {
      severity: 'error',
      code: 'resource-too-large',
      file,
      path: [],
      was: 'Files of any size could be in the repository.',
      now: `It has ${size} MiB, and a resource has at most ${MAX_RESOURCE_BYTES / (1024 * 1024)} MiB.`,
      todo: 'Keep it elsewhere, or adopt the repository as upstream, where files stay as they are.',
    },
  ]
}

/** One for each kind and place (the file that stands first, which for a chart is the archive), and one for each webhook and job. */
function notReadFiles({ files, answerers }: ImportProject): LocatedDifference[] {
  return firstOfEach(files, (file, kind) =>
    notReadHere(kind) === undefined ? undefined : `${kind} ${JSON.stringify(file.place)}`,
  ).flatMap((file): LocatedDifference[] => {
    const kind = serviceFileKind(file.uri)
    const difference = notReadHere(kind)
    if (difference === undefined) return []
    const events = answerers.find((one) => one.file === file)?.events ?? []
    if (events.length === 0 || (kind !== 'webhook' && kind !== 'job')) {
      return [{ ...difference, file, path: [] }]
    }
    return events.map(({ type, path }) => {
      const todo = insteadOf(kind, type)
      return { ...difference, file, path, subject: type, ...(todo === undefined ? {} : { todo }) }
    })
  })
}

function unknownFiles(files: readonly ImportedFile[]): LocatedDifference[] {
  return files
    .filter(({ uri }) => serviceFileKind(uri) === 'unknown')
    .map((file) => ({
      severity: 'info',
      code: 'file-unknown',
      file,
      path: [],
      was: 'It was kept; no service that came with Keptn read it.',
      now: 'The same. Services that you run read it through the API as before.',
    }))
}

function notAFile(file: ImportedFile): LocatedDifference {
  return {
    severity: 'error',
    code: 'not-a-file',
    file,
    path: [],
    was: 'A symbolic link or a submodule; it was followed where the clone of Keptn had its target.',
    now: 'It is not read and not created with --apply.',
    todo: 'Put the file itself there.',
  }
}

/** What a stage has under a name that the project has too; mostly Keptn's own copies from the day the stage was made. */
function copiesOfStages(files: readonly ImportedFile[]): LocatedDifference[] {
  const own = new Set(files.flatMap(({ place, uri }) => (place.level === 'project' ? [uri] : [])))
  return files
    .filter(({ place, uri }) => place.level === 'stage' && own.has(uri) && isUsed(uri))
    .map((file) => ({
      severity: 'info',
      code: 'stage-copy',
      file,
      path: [],
      was: 'When a stage was made, files of the project were copied to its branch. The copy counts before the file of the project, so later changes of that one do not reach the stage.',
      now: 'The same.',
      todo: 'Delete the copies where the file of the project should count.',
    }))
}

/**
 * A folder that Keptn took for a service's because it was there; here (and in Keptn's own lists) metadata.yaml makes it one. Named where
 * it is a service in another stage, or has the file that only services have.
 */
function foldersWithoutMetadata({ files, services }: ImportProject): LocatedDifference[] {
  const names = new Set(services.map(({ service }) => service))
  return firstOfEach(files, ({ place, uri }) => {
    const [folder = '', ...rest] = uri.split('/')
    if (place.level !== 'stage' || rest.length === 0) return undefined
    const isMeant = names.has(folder) || rest.join('/') === 'slo.yaml'
    return isMeant ? `${place.stage} ${folder}` : undefined
  }).map((file) => {
    const [folder = ''] = file.uri.split('/')
    return {
      severity: 'error',
      code: 'folder-without-metadata',
      file,
      path: [],
      subject: folder,
      was: 'The folder was enough: Keptn read these files for the service of that name.',
      now: 'Without a metadata.yaml in it the folder is no service’s. Its files belong to the stage, and an slo.yaml in it is not read.',
      todo: 'Add a metadata.yaml with the line "servicename: <name>" to the folder, and commit it.',
    }
  })
}

function isUsed(uri: string): boolean {
  return !['metadata', 'shipyard', 'unknown'].includes(serviceFileKind(uri))
}

function stagesWithoutFiles({
  missingStages,
  withoutBranches,
}: ImportProject): LocatedDifference[] {
  if (missingStages.length === 0) return []
  const names = missingStages.join(', ')
  if (!withoutBranches) {
    return [
      {
        severity: 'info',
        code: 'stage-without-files',
        path: [],
        was: `There are no files for ${names}: no branch or folder of that name.`,
        now: 'The stage exists by the shipyard alone; the project’s files count in it.',
      },
    ]
  }
  return [
    {
      severity: 'error',
      code: 'stages-not-seen',
      path: [],
      was: `Keptn kept the files of ${names} on branches, and this folder is no Git repository.`,
      now: 'The report knows nothing of them, and --apply would create none.',
      todo: 'Name the repository (a clone, or its URL) instead of this folder.',
    },
  ]
}

function stagesWithoutShipyard(project: ImportProject): LocatedDifference[] {
  const known = new Set(project.stages.map(({ name }) => name))
  return firstOfEach(project.files, ({ place }) =>
    place.level === 'project' || known.has(place.stage) ? undefined : place.stage,
  ).map((file) => ({
    severity: 'info',
    code: 'stage-not-in-shipyard',
    file,
    path: [],
    was: 'This stage is not in the shipyard (any more), so nothing read its files.',
    now: 'The same; they are not created with --apply.',
  }))
}

function serviceDifferences(project: ImportProject): LocatedDifference[] {
  const names = [...new Set(project.services.map(({ service }) => service))]
  return names.flatMap((name): LocatedDifference[] => {
    const stages = project.services.flatMap(({ stage, service }) =>
      service === name ? [stage] : [],
    )
    const own = project.files.filter(
      ({ place }) => place.level === 'service' && place.service === name,
    )
    const file = own.find(({ uri }) => uri === 'metadata.yaml') ?? own[0]
    const common = { ...(file === undefined ? {} : { file }), path: [], subject: name }
    if (name.length > MAX_SERVICE_NAME_CHARACTERS || !SERVICE_NAME.test(name)) {
      return [
        {
          severity: 'error',
          code: 'service-name-refused',
          ...common,
          was: 'Keptn checked names when a service was created, and not later.',
          now: `It cannot be created: names have lower case letters, digits and hyphens, a letter first, at most ${MAX_SERVICE_NAME_CHARACTERS} characters.`,
          todo: 'Rename it.',
        },
      ]
    }
    const missing = project.stages.filter((stage) => !stages.includes(stage.name))
    if (missing.length === 0) return []
    return [
      {
        severity: 'info',
        code: 'service-in-every-stage',
        ...common,
        was: `The service has no folder in ${missing.map((stage) => stage.name).join(', ')}.`,
        now: 'A service exists in every stage; where it has no files the stage’s and the project’s count.',
      },
    ]
  })
}

function prometheusConnection(project: ImportProject): LocatedDifference[] {
  return firstOfEach(project.files, ({ uri }) =>
    uri === 'prometheus/sli.yaml' ? uri : undefined,
  ).map((file) => ({
    severity: 'info',
    code: 'prometheus-connection',
    file,
    path: [],
    was: `The address of Prometheus was in the secret prometheus-credentials-${project.name}, or in prometheus-service itself.`,
    now: 'Queries, placeholders and built-in indicators work as they are; the address comes from the settings of the server.',
    todo: 'Write providers.prometheus.url into tiphys.yaml: docs/operating.md.',
  }))
}

/** The first file of each key, the shortest path first; files without a key are left out. */
function firstOfEach(
  files: readonly ImportedFile[],
  keyOf: (file: ImportedFile, kind: ServiceFileKind) => string | undefined,
): ImportedFile[] {
  const first = new Map<string, ImportedFile>()
  for (const file of files) {
    const key = keyOf(file, serviceFileKind(file.uri))
    if (key === undefined) continue
    const known = first.get(key)
    if (known === undefined || depthOf(file) < depthOf(known)) first.set(key, file)
  }
  return [...first.values()]
}

function depthOf({ path }: ImportedFile): number {
  return path.split('/').length
}
