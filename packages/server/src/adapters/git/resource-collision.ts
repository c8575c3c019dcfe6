import { type KeptnLayout, locate, METADATA_FILE } from '@tiphys/core/configuration/keptn-layout.ts'
import type { Place, ResourceChange } from '../../ports/configuration.ts'

/**
 * Two names of one call, or a name of it and a file that is there, that cannot stand side by side in a tree. `paths` are those of
 * the branch that holds the place.
 */
export function collisionOf(
  layout: KeptnLayout,
  change: ResourceChange,
  paths: ReadonlySet<string>,
): string | undefined {
  const { place, files } = change
  const { folder } = locate(layout, place)
  const kept = new Set(paths)
  for (const [uri, content] of Object.entries(files))
    if (content === undefined) kept.delete(folder + uri)
  const written = Object.entries(files).flatMap(([uri, content]) =>
    content === undefined ? [] : [uri],
  )
  const taken = new Set([...kept, ...written.map((uri) => folder + uri)])
  for (const uri of written) {
    const parts = uri.split('/')
    for (let length = 1; length < parts.length; length++) {
      const parent = parts.slice(0, length).join('/')
      if (taken.has(folder + parent)) {
        return `resourceURI ${JSON.stringify(uri)} would lie below ${parent}, which is a resource itself`
      }
    }
    const below = [...taken].find((path) => path.startsWith(`${folder}${uri}/`))
    if (below !== undefined) {
      return `resourceURI ${JSON.stringify(uri)} is a folder here: ${below.slice(folder.length)} lies in it`
    }
  }
  return serviceCollision(layout, place, written, kept)
}

/** Services and folders of a stage's resources share one name space in Keptn's layout. */
function serviceCollision(
  layout: KeptnLayout,
  place: Place,
  written: readonly string[],
  paths: ReadonlySet<string>,
): string | undefined {
  const { folder } = locate(layout, place)
  if (place.level === 'stage') {
    const inService = written.find((uri) => {
      const [first = ''] = uri.split('/')
      return uri.includes('/') && paths.has(`${folder}${first}/${METADATA_FILE}`)
    })
    if (inService === undefined) return undefined
    const [service = ''] = inService.split('/')
    return `resourceURI ${JSON.stringify(inService)} would lie in the folder of service ${service}; write it to the service`
  }
  if (place.level !== 'service') return undefined
  if (paths.has(folder + METADATA_FILE)) return undefined
  const stageResource = [...paths].find((path) => path.startsWith(folder))
  if (stageResource === undefined) return undefined
  const stageFolder = locate(layout, { level: 'stage', stage: place.stage }).folder
  const uri = stageResource.slice(stageFolder.length)
  return `stage ${place.stage} has a resource ${uri}, so a service called ${place.service} can have no resources there`
}
