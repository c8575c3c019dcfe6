import {
  type ProviderConnection,
  ProviderList,
  TriedSli,
  TrySliBody,
} from '@tiphys/contract/http/native-provider.ts'
import type { ProjectSnapshot } from '../../engine/project-snapshot.ts'
import type { Tried } from '../../executors/evaluation/try-indicator.ts'
import type { Actor } from '../../intake/actor.ts'
import type { Projects } from '../../projects/projects.ts'
import { checkProject, isForEveryProject, mayUse } from '../access.ts'
import { ok, refuse } from '../answer.ts'
import { findProject, serviceNotFound, stageNotFound } from '../keptn-v1/project-lookup.ts'
import type { AddRoute, RouteRequest } from '../route.ts'

export type ProvidersPart = {
  /** What the operator connected, without anything secret. */
  connections(): readonly ConnectionShown[]
  /** Asks a provider one question outside of any run. */
  tryIndicator(snapshot: ProjectSnapshot, wish: TrySliBody, signal: AbortSignal): Promise<Tried>
}

export type ConnectionShown = Omit<ProviderConnection, 'projects'> & {
  readonly projects?: readonly string[]
}

export type ProviderRouteParts = {
  readonly providers: ProvidersPart
  readonly projects: Projects
}

/** Who can be asked for values of indicators, and what they answer. */
export function addProviderRoutes(add: AddRoute, parts: ProviderRouteParts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/providers',
    summary: 'Connected metrics systems and Argo CDs: name, kind, host, projects',
    success: ProviderList,
    handle: ({ actor }) =>
      ok({ providers: parts.providers.connections().flatMap((one) => shownTo(actor, one)) }),
  })
  add({
    method: 'POST',
    path: '/api/tiphys/v1/providers/try',
    summary:
      'Asks a provider for one indicator as an evaluation would now; judges and stores nothing',
    body: TrySliBody,
    success: TriedSli,
    handle: (request) => tryOne(parts, request),
  })
}

/** A token of some projects sees what those may ask. */
function shownTo(actor: Actor, { projects, ...one }: ConnectionShown): ProviderConnection[] {
  if (projects === undefined) return [one]
  const seen = isForEveryProject(actor) ? projects : projects.filter((name) => mayUse(actor, name))
  return seen.length === 0 ? [] : [{ ...one, projects: [...seen] }]
}

type TryRequest = RouteRequest<'/api/tiphys/v1/providers/try', unknown, TrySliBody>

async function tryOne({ providers, projects }: ProviderRouteParts, request: TryRequest) {
  const { body, actor, raw } = request
  const found = findProject(projects, body.project)
  if (!found.ok) return found
  const refused = checkProject(actor, body.project)
  if (refused !== undefined) return refused
  const { projectId, stages, services } = found.record
  if (!stages.includes(body.stage)) return stageNotFound(body.stage)
  if (!services.some(({ name }) => name === body.service)) return serviceNotFound(body.service)
  const snapshot = await projects.snapshot(projectId)
  const controller = new AbortController()
  const abort = () => controller.abort(new Error('the client went away'))
  raw.raw.socket.once('close', abort)
  try {
    const answer = await providers.tryIndicator(snapshot, body, controller.signal)
    return answer.code === 'tried' ? ok(answer.tried) : refuse('invalid', answer.message)
  } finally {
    raw.raw.socket.off('close', abort)
  }
}
