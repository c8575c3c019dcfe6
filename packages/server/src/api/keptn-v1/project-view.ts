import type {
  EventContext,
  ExpandedProject,
  ExpandedService,
  ExpandedStage,
} from '@tiphys/contract/http/keptn-project.ts'
import { Shipyard } from '@tiphys/contract/shipyard.ts'
import { parseYaml } from '@tiphys/contract/yaml-file.ts'
import type { Projections } from '../../ports/projections.ts'
import {
  type LastEvent,
  SERVICES,
  type ServiceDocument,
  serviceKey,
} from '../../projections/services.ts'
import type { ProjectRecord } from '../../projects/projects.ts'
import { shownGitCredentials } from './git-credentials.ts'
import { nanoseconds } from './time.ts'

/** More cells (stage and service) than this of one project are not looked at for what happened last. */
const MAX_CELLS = 5000

/** Builds Keptn's expanded models of a project (facts/keptn-v1.md 2.3) from the registry and what happened last. */
export type ProjectView = {
  project(): ExpandedProject
  stages(): readonly ExpandedStage[]
  stage(name: string): ExpandedStage | undefined
  service(stage: string, name: string): ExpandedService | undefined
}

export async function viewProject(
  record: ProjectRecord,
  projections: Projections,
): Promise<ProjectView> {
  await projections.catchUp()
  const { projectId } = record
  const found = await projections.list(SERVICES, { projectId, offset: 0, limit: MAX_CELLS })
  const cells = new Map(
    found.documents.map((document) => {
      // Documents of this projection were made by its fold.
      const cell = document as unknown as ServiceDocument
      return [serviceKey(projectId, cell.stage, cell.service), cell] as const
    }),
  )
  const shipyard = readShipyard(record.shipyard)
  const cellsOf = (stage: string) =>
    record.services.flatMap(({ name }) => cells.get(serviceKey(projectId, stage, name)) ?? [])

  function stageView(name: string): ExpandedStage {
    return {
      stageName: name,
      services: record.services.map((service) =>
        serviceView(service, cells.get(serviceKey(projectId, name, service.name))),
      ),
      parentStages: parentsOf(shipyard, name),
      ...lastContext(cellsOf(name)),
    }
  }
  const stages = () => record.stages.map(stageView)
  return {
    stages,
    project: () => ({
      projectName: record.name,
      creationDate: nanoseconds(record.createdMs),
      shipyard: record.shipyard,
      shipyardVersion: shipyard?.apiVersion ?? '',
      stages: stages(),
      isUpstreamAutoProvisioned: record.upstream === undefined,
      ...(record.upstream === undefined
        ? {}
        : { gitCredentials: shownGitCredentials(record.upstream) }),
      ...lastContext(record.stages.flatMap(cellsOf)),
    }),
    stage: (name) => (record.stages.includes(name) ? stageView(name) : undefined),
    service(stage, name) {
      const service = record.services.find((one) => one.name === name)
      if (service === undefined || !record.stages.includes(stage)) return undefined
      return serviceView(service, cells.get(serviceKey(projectId, stage, name)))
    },
  }
}

function serviceView(
  service: ProjectRecord['services'][number],
  cell: ServiceDocument | undefined,
): ExpandedService {
  const types = Object.entries(cell?.lastEventTypes ?? {})
  return {
    serviceName: service.name,
    creationDate: nanoseconds(service.createdMs),
    ...(cell?.deployedImage === undefined ? {} : { deployedImage: cell.deployedImage }),
    lastEventTypes: Object.fromEntries(types.map(([type, last]) => [type, contextOf(last)])),
    openRemediations: [],
  }
}

function lastContext(cells: readonly ServiceDocument[]): { lastEventContext?: EventContext } {
  const [first, ...others] = cells
  if (first === undefined) return {}
  const newest = others.reduce(
    (last, cell) => (cell.last.position > last.position ? cell.last : last),
    first.last,
  )
  return { lastEventContext: contextOf(newest) }
}

function contextOf(last: LastEvent): EventContext {
  const { eventId, keptnContext, timeMs } = last
  return { eventId, keptnContext, time: nanoseconds(timeMs) }
}

function readShipyard(text: string): Shipyard | undefined {
  const read = parseYaml(Shipyard, text, 'shipyard.yaml', { unknownKeys: 'warn' })
  return read.ok ? read.value : undefined
}

/** The stages whose sequences this one's wait for, in order of the shipyard. */
function parentsOf(shipyard: Shipyard | undefined, stage: string): string[] {
  const definition = shipyard?.spec.stages.find((one) => one.name === stage)
  const waited = (definition?.sequences ?? [])
    .flatMap((sequence) => sequence.triggeredOn ?? [])
    .map((trigger) => trigger.event.split('.', 1)[0] ?? '')
  return (shipyard?.spec.stages ?? [])
    .map((one) => one.name)
    .filter((name) => name !== stage && waited.includes(name))
}
