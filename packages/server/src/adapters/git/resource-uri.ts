import { repositoryPathFault } from '@tiphys/contract/repository-path.ts'
import { METADATA_FILE, STAGES_FOLDER } from '@tiphys/core/configuration/keptn-layout.ts'
import type { Place } from '../../ports/configuration.ts'

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
