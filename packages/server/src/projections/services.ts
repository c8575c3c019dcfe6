import type { JsonObject } from '@tiphys/contract/json.ts'
import { type CarriedFact, carriedFacts, isForgetting } from '../operations/forgotten.ts'
import type { Projection } from '../ports/projections.ts'
import type { StoredEvent } from '../ports/store.ts'
import { textAt, whereaboutsOf } from './project-of-row.ts'

/** What happened last to a service in a stage: Keptn's lastEventTypes and deployedImage (facts/keptn-v1.md 2.3). */
export type ServiceDocument = {
  readonly projectId: string
  readonly stage: string
  readonly service: string
  /** By event type, in order of the last occurrence, oldest first. */
  readonly lastEventTypes: { readonly [type: string]: LastEvent }
  readonly last: LastEvent
  /** The image of the newest deployment that did not fail. */
  readonly deployedImage?: string
  /** Of the event that said so. */
  readonly deployedPosition?: number
  /** Images of deployments under way, by the id of their `.triggered` event. */
  readonly deploying: { readonly [triggeredId: string]: string }
}

export type LastEvent = {
  readonly eventId: string
  readonly keptnContext: string
  readonly timeMs: number
  readonly position: number
}

export const SERVICES = 'services'

/** Event types are the client's words: without a bound anyone could let a document grow for ever. */
const MAX_EVENT_TYPES = 200
/** Deployments of one lane follow each other; more than a few open ones were abandoned. */
const MAX_DEPLOYING = 10

const DEPLOYMENT_TRIGGERED = 'sh.keptn.event.deployment.triggered'
const DEPLOYMENT_FINISHED = 'sh.keptn.event.deployment.finished'

export const servicesProjection: Projection = {
  name: SERVICES,
  version: 2,
  keysOf(row) {
    if (isForgetting(row)) return carriedFacts(row).map(carriedKey)
    const where = whereaboutsOf(row)
    if (where === undefined || !row.event.type.startsWith('sh.keptn.')) return []
    return [serviceKey(where.projectId, where.stage, where.service)]
  },
  fold(document, row, key) {
    if (isForgetting(row)) return carryOver(document, row, key)
    const where = whereaboutsOf(row)
    if (where === undefined) return document
    // Documents of this projection were made by this fold.
    const before = document as unknown as ServiceDocument | undefined
    const last: LastEvent = {
      eventId: row.event.id,
      keptnContext: row.event.shkeptncontext ?? '',
      timeMs: row.timeMs,
      position: row.position,
    }
    const after: ServiceDocument = {
      projectId: where.projectId,
      stage: where.stage,
      service: where.service,
      lastEventTypes: remembered(before?.lastEventTypes ?? {}, row.event.type, last),
      last,
      ...deployment(before, row),
    }
    return after as unknown as JsonObject
  },
  columnsOf(document) {
    const { projectId, stage, service, last } = document as unknown as ServiceDocument
    return { projectId, stage, service, sort: last.position }
  },
}

export function serviceKey(projectId: string, stage: string, service: string): string {
  return `${projectId}/${stage}/${service}`
}

function remembered(
  types: ServiceDocument['lastEventTypes'],
  type: string,
  last: LastEvent,
): ServiceDocument['lastEventTypes'] {
  const others = Object.entries(types).filter(([key]) => key !== type)
  return Object.fromEntries([...others.slice(-(MAX_EVENT_TYPES - 1)), [type, last]])
}

function deployment(
  before: ServiceDocument | undefined,
  row: StoredEvent,
): Pick<ServiceDocument, 'deployedImage' | 'deployedPosition' | 'deploying'> {
  const { event } = row
  const deploying = before?.deploying ?? {}
  const same = {
    ...deployedOf(before),
    deploying,
  }
  if (event.type === DEPLOYMENT_TRIGGERED) {
    const image = textAt(event.data, 'configurationChange', 'values', 'image')
    if (image === undefined) return same
    const kept = Object.entries(deploying).slice(-(MAX_DEPLOYING - 1))
    return { ...same, deploying: Object.fromEntries([...kept, [event.id, image]]) }
  }
  if (event.type !== DEPLOYMENT_FINISHED || event.triggeredid === undefined) return same
  const { [event.triggeredid]: image, ...rest } = deploying
  if (image === undefined) return same
  const failed = event.data['result'] === 'fail'
  return failed
    ? { ...same, deploying: rest }
    : { deployedImage: image, deployedPosition: row.position, deploying: rest }
}

function deployedOf(
  document: Pick<ServiceDocument, 'deployedImage' | 'deployedPosition'> | undefined,
): Pick<ServiceDocument, 'deployedImage' | 'deployedPosition'> {
  const { deployedImage, deployedPosition } = document ?? {}
  return {
    ...(deployedImage === undefined ? {} : { deployedImage }),
    ...(deployedPosition === undefined ? {} : { deployedPosition }),
  }
}

/**
 * The facts that a deletion carries on: nothing new where the rows were folded before they went, all of it where a list is folded anew
 * from what is left.
 */
function carryOver(
  document: JsonObject | undefined,
  row: StoredEvent,
  key: string,
): JsonObject | undefined {
  const fact = carriedFacts(row).find((one) => carriedKey(one) === key)
  if (fact === undefined) return document
  const before = document as unknown as ServiceDocument | undefined
  const types = new Map(Object.entries(before?.lastEventTypes ?? {}))
  for (const [type, last] of Object.entries(fact.lastEventTypes)) {
    const known = types.get(type)
    if (known === undefined || known.position < last.position) types.set(type, last)
  }
  const inOrder = [...types].sort(([, left], [, right]) => left.position - right.position)
  const last = inOrder.at(-1)?.[1]
  if (last === undefined) return document
  const isNewer = (fact.deployedPosition ?? -1) > (before?.deployedPosition ?? -1)
  const deploying = Object.entries(before?.deploying ?? {})
  const after: ServiceDocument = {
    projectId: row.projectId ?? '',
    stage: fact.stage,
    service: fact.service,
    lastEventTypes: Object.fromEntries(inOrder.slice(-MAX_EVENT_TYPES)),
    last: before !== undefined && before.last.position > last.position ? before.last : last,
    ...deployedOf(isNewer ? fact : before),
    deploying: Object.fromEntries(deploying.filter(([id]) => !fact.deploying.includes(id))),
  }
  return after as unknown as JsonObject
}

function carriedKey({ projectId, stage, service }: CarriedFact): string {
  return serviceKey(projectId, stage, service)
}
