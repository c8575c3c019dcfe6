import { RerunAnswer } from '@tiphys/contract/http/native-control.ts'
import {
  type ContextTimeline,
  ContextTimeline as ContextTimelineBody,
  ControlAnswer,
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

/** Takes up a run that is over; the answer names the new one. */
export function rerunRun(
  client: HttpClient,
  runId: string,
  body: { readonly from?: string; readonly force?: boolean },
): Promise<{ readonly context: string; readonly runId: string }> {
  return client.request({
    method: 'POST',
    path: `/api/tiphys/v1/runs/${encodeURIComponent(runId)}/rerun`,
    body,
    schema: RerunAnswer,
  })
}

export function overrideFreezeOf(
  client: HttpClient,
  context: string,
  request: { readonly project?: string; readonly stage?: string; readonly reason: string },
): Promise<{ readonly runs: number }> {
  const { project, ...body } = request
  return client.request({
    method: 'POST',
    path: `${contextPath(context)}/override-freeze`,
    query: { project },
    body,
    schema: ControlAnswer,
  })
}

function contextPath(context: string): string {
  return `/api/tiphys/v1/contexts/${encodeURIComponent(context)}`
}
