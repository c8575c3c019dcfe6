import { formatProblem } from '@tiphys/contract/problem.ts'
import { PROJECT_YAML_URI } from '@tiphys/contract/project-yaml.ts'
import type { Shipyard } from '@tiphys/contract/shipyard.ts'
import { type KeptnLayout, locate } from '@tiphys/core/configuration/keptn-layout.ts'
import { readProjectFile, readShipyardFile } from '@tiphys/providers/lint-files.ts'
import {
  type FoundText,
  PRELOADED_URIS,
  type ProjectSnapshot,
  type StagePin,
} from '../engine/project-snapshot.ts'
import type { Configuration, Pin, Place } from '../ports/configuration.ts'

export const SHIPYARD_URI = 'shipyard.yaml'

const NO_STAGES: Shipyard = { apiVersion: 'spec.keptn.sh/0.2.3', spec: { stages: [] } }

export type SnapshotRequest = {
  readonly configuration: Configuration
  readonly projectId: string
  readonly project: string
  readonly pin: Pin
  readonly layout: KeptnLayout
}

/**
 * Reads a project's configuration at one pin. Files that cannot be read count as absent here: they were refused when they were
 * written, and a commit from elsewhere must not stop the runs of other stages; `tiphys lint` names what is wrong.
 */
export async function loadSnapshot(request: SnapshotRequest): Promise<ProjectSnapshot> {
  const { configuration, projectId, project, layout } = request
  const shipyardBytes = await configuration.read(
    projectId,
    { level: 'project' },
    SHIPYARD_URI,
    request.pin,
  )
  const shipyard =
    shipyardBytes === undefined
      ? undefined
      : readShipyardFile(new TextDecoder().decode(shipyardBytes), SHIPYARD_URI)
  const stages = shipyard?.ok ? shipyard.value.spec.stages.map(({ name }) => name) : []
  const pin = ownBranches(layout, request.pin, stages)
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
  const { settings, ...doubt } = await settingsOf(textAt)
  const find = (stage: string, service: string, uri: string): Place | undefined =>
    lookup(stage, service).find((place) => places.has(keyOf(place, uri)))
  return {
    projectId,
    project,
    pin,
    commitId: pin[layout.mainBranch] ?? Object.values(pin)[0] ?? '',
    ...(layout.kind === 'directories' ? {} : { stagePins: stagePinsOf(layout, pin) }),
    shipyard: shipyard?.ok ? shipyard.value : NO_STAGES,
    settings,
    ...doubt,
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

/** Branches that are no stage's are nothing of the project's. */
function ownBranches(layout: KeptnLayout, pin: Pin, stages: readonly string[]): Pin {
  if (layout.kind === 'directories') return pin
  const isOwn = (branch: string) => branch === layout.mainBranch || stages.includes(branch)
  return Object.fromEntries(Object.entries(pin).filter(([branch]) => isOwn(branch)))
}

/** A run needs its stage's branch and the main one, and shows the former on the wire (behaviour.md 9). */
function stagePinsOf(layout: KeptnLayout, pin: Pin): ReadonlyMap<string, StagePin> {
  const main = pin[layout.mainBranch]
  if (main === undefined) return new Map()
  return new Map(
    Object.entries(pin)
      .filter(([branch]) => branch !== layout.mainBranch)
      .map(([stage, commitId]) => {
        const { branch } = locate(layout, { level: 'stage', stage })
        return [stage, { pin: { [layout.mainBranch]: main, [branch]: commitId }, commitId }]
      }),
  )
}

async function settingsOf(
  textAt: (place: Place, uri: string) => Promise<string | undefined>,
): Promise<Pick<ProjectSnapshot, 'settings' | 'settingsProblem'>> {
  const text = await textAt({ level: 'project' }, PROJECT_YAML_URI)
  const read = text === undefined ? undefined : readProjectFile(text, PROJECT_YAML_URI)
  if (read === undefined) return { settings: {} }
  if (read.ok) return { settings: read.value }
  const [problem] = read.problems
  return { settings: {}, settingsProblem: problem === undefined ? '' : formatProblem(problem) }
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
