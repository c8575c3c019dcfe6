import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { EventPageBody, type ShownEvent } from '@tiphys/contract/http/keptn-event-store.ts'
import { EventAccepted } from '@tiphys/contract/http/keptn-project.ts'
import type { z } from 'zod'
import { ServerUnreachableError } from './errors.ts'
import type { HttpClient } from './http-client.ts'
import { allPages } from './pages.ts'
import { projectPath } from './projects.ts'

export type Event = z.infer<typeof ShownEvent>

/** An event is sent again when nobody answered; its key makes sure that it counts once. */
const SEND_DELAYS_MS = [500, 2_000]

/** Gives the keptn context. 200 means that the event is on disk. */
export async function sendEvent(
  client: HttpClient,
  event: Readonly<Record<string, unknown>>,
): Promise<string> {
  const key = randomUUID()
  for (const delayMs of [...SEND_DELAYS_MS, undefined]) {
    try {
      const answer = await client.request({
        method: 'POST',
        path: '/api/v1/event',
        body: event,
        headers: { 'idempotency-key': key },
        schema: EventAccepted,
      })
      return answer.keptnContext
    } catch (error) {
      if (!(error instanceof ServerUnreachableError) || delayMs === undefined) throw error
      await delay(delayMs)
    }
  }
  throw new Error('unreachable: the last attempt returns or throws')
}

export type EvaluationRequest = {
  readonly project: string
  readonly stage: string
  readonly service: string
  readonly start?: string
  readonly end?: string
  readonly timeframe?: string
  readonly gitCommitId?: string
  readonly labels: Readonly<Record<string, string>>
}

/** Gives the keptn context. */
export async function triggerEvaluation(
  client: HttpClient,
  request: EvaluationRequest,
): Promise<string> {
  const { project, stage, service, start, end, timeframe, gitCommitId, labels } = request
  const place = `stage/${encodeURIComponent(stage)}/service/${encodeURIComponent(service)}`
  const answer = await client.request({
    method: 'POST',
    path: `${projectPath(project)}/${place}/evaluation`,
    body: { labels, start, end, timeframe, gitcommitid: gitCommitId },
    schema: EventAccepted,
  })
  return answer.keptnContext
}

export type EventFilter = {
  readonly project?: string
  readonly keptnContext?: string
  readonly stage?: string
  readonly service?: string
  readonly type?: string
  readonly fromTime?: string
}

/** Newest first. */
export function listEvents(
  client: HttpClient,
  filter: EventFilter,
  paging: { readonly pageSize: number; readonly maxPages: number },
): Promise<Event[]> {
  return allPages(
    (nextPageKey) =>
      client.request({
        method: 'GET',
        path: '/api/mongodb-datastore/event',
        query: { ...filter, pageSize: paging.pageSize, nextPageKey },
        schema: EventPageBody,
      }),
    (page) => page.events,
    paging.maxPages,
  )
}

/** `.triggered` events that wait for an answer. */
export function listOpenTriggered(
  client: HttpClient,
  type: string,
  filter: { readonly project?: string; readonly stage?: string; readonly service?: string },
): Promise<Event[]> {
  return allPages(
    (nextPageKey) =>
      client.request({
        method: 'GET',
        path: `/api/controlPlane/v1/event/triggered/${encodeURIComponent(type)}`,
        query: { ...filter, nextPageKey },
        schema: EventPageBody,
      }),
    (page) => page.events,
  )
}
