import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Projections } from '../ports/projections.ts'
import type { CommitUnit, StoredEvent } from '../ports/store.ts'
import { PROJECTIONS } from '../projections/all-projections.ts'
import {
  EVALUATIONS,
  type EvaluationDocument,
  evaluationKey,
  INVALIDATED,
} from '../projections/evaluations.ts'
import { whereaboutsOf } from '../projections/project-of-row.ts'
import { SERVICES, type ServiceDocument, serviceKey } from '../projections/services.ts'
import {
  type CarriedFact,
  type CarriedInvalidation,
  carriedFacts,
  FORGOTTEN,
  type ForgottenRecord,
  forgottenRecord,
  forgottenStream,
  isForgetting,
} from './forgotten.ts'

export type Forgetting = {
  readonly id: string
  readonly nowMs: number
  readonly projectId: string
  readonly reason: ForgottenRecord['reason']
  readonly by: string
  readonly context?: string
}

/** What is written when these rows go. The lists must have folded them. */
export async function forgetUnit(
  projections: Pick<Projections, 'get'>,
  rows: readonly StoredEvent[],
  forgetting: Forgetting,
): Promise<CommitUnit> {
  const { id, nowMs, projectId, reason, by, context } = forgetting
  const record: ForgottenRecord = {
    reason,
    by,
    ...(context === undefined ? {} : { context }),
    documents: documentsOf(rows),
    services: await factsOf(projections, projectId, rows),
    invalidated: await invalidationsOf(projections, projectId, rows),
  }
  const event = {
    id,
    type: FORGOTTEN,
    source: 'tiphys',
    specversion: '1.0' as const,
    time: new Date(nowMs).toISOString(),
    // Plain data without undefined in it.
    data: record as unknown as JsonObject,
  }
  const stream = forgottenStream(projectId)
  const write = { stream, expectedVersion: 'any' as const, events: [{ event, projectId }] }
  return { writes: [write], nowMs }
}

function documentsOf(rows: readonly StoredEvent[]): ForgottenRecord['documents'] {
  const runs = rows.filter((row) => row.stream.startsWith('run/'))
  const documents: Record<string, readonly string[]> = {}
  for (const projection of PROJECTIONS) {
    if (projection.name === SERVICES) continue
    const keys = new Set(runs.flatMap((row) => projection.keysOf(row)))
    if (keys.size > 0) documents[projection.name] = [...keys]
  }
  return documents
}

/** Facts that only the rows that go vouch for; of earlier records among them, what they carried on is carried on again. */
async function factsOf(
  projections: Pick<Projections, 'get'>,
  projectId: string,
  rows: readonly StoredEvent[],
): Promise<CarriedFact[]> {
  const positions = new Set(rows.map((row) => row.position))
  const ids = new Set(rows.map((row) => row.event.id))
  const places = new Map<string, { stage: string; service: string }>()
  const note = (stage: string, service: string) =>
    void places.set(serviceKey(projectId, stage, service), { stage, service })
  for (const row of rows) {
    const where = whereaboutsOf(row)
    if (where !== undefined) note(where.stage, where.service)
    if (!isForgetting(row)) continue
    for (const fact of carriedFacts(row)) {
      note(fact.stage, fact.service)
      for (const last of Object.values(fact.lastEventTypes)) positions.add(last.position)
      if (fact.deployedPosition !== undefined) positions.add(fact.deployedPosition)
    }
  }
  const facts: CarriedFact[] = []
  for (const [key, place] of places) {
    const document = await projections.get(SERVICES, key)
    if (document === undefined) continue
    const fact = factOf(document as unknown as ServiceDocument, positions, ids)
    if (fact !== undefined) facts.push({ projectId, ...place, ...fact })
  }
  return facts
}

/** Evaluations that stay, and were taken back by one of the rows. */
async function invalidationsOf(
  projections: Pick<Projections, 'get'>,
  projectId: string,
  rows: readonly StoredEvent[],
): Promise<CarriedInvalidation[]> {
  const keys = rows.flatMap((row) => {
    if (isForgetting(row)) return forgottenRecord(row).invalidated.map(({ key }) => key)
    const { type, triggeredid } = row.event
    const isOne = type === INVALIDATED && triggeredid !== undefined
    return isOne ? [evaluationKey(projectId, triggeredid)] : []
  })
  const carried: CarriedInvalidation[] = []
  for (const key of new Set(keys)) {
    const document = await projections.get(EVALUATIONS, key)
    const { invalidated } = (document ?? {}) as Partial<EvaluationDocument>
    if (invalidated !== undefined) carried.push({ key, invalidated })
  }
  return carried
}

function factOf(
  service: ServiceDocument,
  positions: ReadonlySet<number>,
  ids: ReadonlySet<string>,
): Omit<CarriedFact, 'projectId' | 'stage' | 'service'> | undefined {
  const last = Object.entries(service.lastEventTypes).filter(([, { position }]) =>
    positions.has(position),
  )
  const deploying = Object.keys(service.deploying).filter((id) => ids.has(id))
  const { deployedImage, deployedPosition } = service
  const isDeployed = deployedPosition !== undefined && positions.has(deployedPosition)
  if (last.length === 0 && deploying.length === 0 && !isDeployed) return undefined
  return {
    // A list that is folded anew may meet this record first, and a service of which nothing happened last is none.
    lastEventTypes: Object.fromEntries(last.length > 0 ? last : newestOf(service)),
    ...(isDeployed && deployedImage !== undefined ? { deployedImage, deployedPosition } : {}),
    deploying,
  }
}

function newestOf({ lastEventTypes, last }: ServiceDocument) {
  return Object.entries(lastEventTypes).filter(([, { position }]) => position === last.position)
}
