import { repositoryPathFault } from '@tiphys/contract/repository-path.ts'
import type { Place, ResourceEntry } from '../../ports/configuration.ts'

/** Keptn's directory layout (facts: resource-service with DIRECTORY_STAGE_STRUCTURE). */
export const STAGES_FOLDER = '.keptn-stages'
/** Written by us beside a project's and a service's resources, as Keptn does. */
export const METADATA_FILE = 'metadata.yaml'

/** Why a text cannot be a resource URI at a place, as one sentence; undefined when it can. */
export function resourceUriFault(place: Place, uri: string): string | undefined {
  const shown = uri.length > 80 ? `${uri.slice(0, 80)}…` : uri
  const fault = faultOf(place, uri)
  return fault === undefined ? undefined : `resourceURI ${JSON.stringify(shown)} ${fault}`
}

function faultOf(place: Place, uri: string): string | undefined {
  if (uri.includes('~')) return 'has a ~ in it'
  const fault = repositoryPathFault(uri)
  if (fault !== undefined) return fault
  if (uri === METADATA_FILE) return 'is written by the server itself'
  const [first = ''] = uri.split('/')
  return place.level === 'project' && first.toLowerCase() === STAGES_FOLDER
    ? 'is where the resources of stages are; name the stage instead'
    : undefined
}

/** Why a stage or service name cannot be a folder; undefined when it can. */
export function placeFault(place: Place): string | undefined {
  const names = place.level === 'project' ? [] : [place.stage]
  if (place.level === 'service') names.push(place.service)
  for (const name of names) {
    const fault = name.includes('/')
      ? 'has a / in it'
      : (repositoryPathFault(name) ?? tildeFault(name))
    if (fault !== undefined) return `the name ${JSON.stringify(name)} ${fault}`
  }
  return undefined
}

function tildeFault(name: string): string | undefined {
  return name.includes('~') ? 'has a ~ in it' : undefined
}

/** The folder of a place, with a slash at the end; '' for the project. */
export function folderOf(place: Place): string {
  switch (place.level) {
    case 'project':
      return ''
    case 'stage':
      return `${STAGES_FOLDER}/${place.stage}/`
    case 'service':
      return `${STAGES_FOLDER}/${place.stage}/${place.service}/`
  }
}

/**
 * What every path of a tree is: a folder of a stage is a service when it has a metadata.yaml of its own; other folders are part
 * of the names of the stage's resources (`prometheus/sli.yaml`).
 */
export function placesOf(paths: readonly string[]): ResourceEntry[] {
  const services = new Set(paths.filter(isServiceMetadata).map((path) => parentOf(path)))
  return paths.flatMap((path): ResourceEntry[] => {
    const parts = path.split('/')
    const [top, stage, service] = parts
    if (top !== STAGES_FOLDER) return [{ place: { level: 'project' }, uri: path }]
    if (stage === undefined || service === undefined) return []
    if (parts.length > 3 && services.has(`${top}/${stage}/${service}`)) {
      return [{ place: { level: 'service', stage, service }, uri: parts.slice(3).join('/') }]
    }
    return [{ place: { level: 'stage', stage }, uri: parts.slice(2).join('/') }]
  })
}

function isServiceMetadata(path: string): boolean {
  const parts = path.split('/')
  return parts.length === 4 && parts[0] === STAGES_FOLDER && parts[3] === METADATA_FILE
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
