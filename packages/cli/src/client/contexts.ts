import {
  type ContextTimeline,
  ContextTimeline as ContextTimelineBody,
  type WhyWaiting,
  WhyWaiting as WhyWaitingBody,
} from '@tiphys/contract/http/native-run.ts'
import type { HttpClient } from './http-client.ts'

/** A keptn context: what happened under it, and what it waits for. */

export function readContext(
  client: HttpClient,
  context: string,
  project?: string,
  signal?: AbortSignal,
): Promise<ContextTimeline> {
  return client.request({
    method: 'GET',
    path: contextPath(context),
    query: { project },
    schema: ContextTimelineBody,
    ...(signal === undefined ? {} : { signal }),
  })
}

export function readWhy(
  client: HttpClient,
  context: string,
  project?: string,
): Promise<WhyWaiting> {
  return client.request({
    method: 'GET',
    path: `${contextPath(context)}/why`,
    query: { project },
    schema: WhyWaitingBody,
  })
}

function contextPath(context: string): string {
  return `/api/tiphys/v1/contexts/${encodeURIComponent(context)}`
}
