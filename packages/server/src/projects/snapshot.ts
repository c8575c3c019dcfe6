import type { ProjectYaml } from '@tiphys/contract/project-yaml.ts'
import { PROJECT_YAML_URI } from '@tiphys/contract/project-yaml.ts'
import type { Shipyard } from '@tiphys/contract/shipyard.ts'
import { readProjectFile, readShipyardFile } from '@tiphys/providers/lint-files.ts'
import { type FoundText, PRELOADED_URIS, type ProjectSnapshot } from '../engine/project-snapshot.ts'
import type { Configuration, Pin, Place } from '../ports/configuration.ts'

export const SHIPYARD_URI = 'shipyard.yaml'

const NO_STAGES: Shipyard = { apiVersion: 'spec.keptn.sh/0.2.3', spec: { stages: [] } }

export type SnapshotRequest = {
  readonly configuration: Configuration
  readonly projectId: string
  readonly project: string
  readonly pin: Pin
  /** The `gitcommitid` on the wire. */
  readonly commitId: string
}

/**
 * Reads a project's configuration at one pin. Files that cannot be read count as absent here: they were refused when they were
 * written, and a commit from elsewhere must not stop the runs of other stages; `tiphys lint` names what is wrong.
 */
export async function loadSnapshot(request: SnapshotRequest): Promise<ProjectSnapshot> {
  const { configuration, projectId, project, pin, commitId } = request
  const entries = await configuration.list(projectId, pin)
  const places = new Map(entries.map(({ place, uri }) => [keyOf(place, uri), place]))
  const textAt = async (place: Place, uri: string) => {
    if (!places.has(keyOf(place, uri))) return undefined
    const bytes = await configuration.read(projectId, place, uri, pin)
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  }
  const preloaded = new Map<string, string>()
  for (const { place, uri } of entries) {
    if (!PRELOADED_URIS.some((known) => known === uri)) continue
    const text = await textAt(place, uri)
    if (text !== undefined) preloaded.set(keyOf(place, uri), text)
  }
  const settings = await settingsOf(textAt)
  const shipyardText = await textAt({ level: 'project' }, SHIPYARD_URI)
  const shipyard =
    shipyardText === undefined ? undefined : readShipyardFile(shipyardText, SHIPYARD_URI)
  const find = (stage: string, service: string, uri: string): Place | undefined =>
    lookup(stage, service).find((place) => places.has(keyOf(place, uri)))
  return {
    projectId,
    project,
    pin,
    commitId,
    shipyard: shipyard?.ok ? shipyard.value : NO_STAGES,
    settings,
    entries,
    stageSettings: (stage) => settings.stages?.[stage] ?? {},
    find,
    async read(stage, service, uri) {
      const place = find(stage, service, uri)
      const text = place === undefined ? undefined : await textAt(place, uri)
      return place === undefined || text === undefined ? undefined : { text, place }
    },
    peek(stage, service, uri): FoundText | undefined {
      const place = find(stage, service, uri)
      const text = place === undefined ? undefined : preloaded.get(keyOf(place, uri))
      return place === undefined || text === undefined ? undefined : { text, place }
    },
    readAt: textAt,
  }
}

async function settingsOf(
  textAt: (place: Place, uri: string) => Promise<string | undefined>,
): Promise<ProjectYaml> {
  const text = await textAt({ level: 'project' }, PROJECT_YAML_URI)
  const read = text === undefined ? undefined : readProjectFile(text, PROJECT_YAML_URI)
  return read?.ok ? read.value : {}
}

/** Service over stage over project. */
function lookup(stage: string, service: string): readonly Place[] {
  return [{ level: 'service', stage, service }, { level: 'stage', stage }, { level: 'project' }]
}

function keyOf(place: Place, uri: string): string {
  switch (place.level) {
    case 'project':
      return `p:${uri}`
    case 'stage':
      return `s:${place.stage}:${uri}`
    case 'service':
      return `v:${place.stage}:${place.service}:${uri}`
  }
}
