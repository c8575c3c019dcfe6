import {
  type BatchOutcome,
  BatchOutcomes,
  MAX_BATCH_ITEMS,
  OpenTaskPage,
  OpenTasksQuery,
  type OpenTaskView,
  TaskResultItem,
  TaskResultsBody,
} from '@tiphys/contract/http/native-task.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { z } from 'zod'
import type { Actor } from '../../intake/actor.ts'
import { keyOfClient } from '../../intake/repeat-keys.ts'
import type { Store } from '../../ports/store.ts'
import { checkProject, mayUse } from '../access.ts'
import { ok, refuse } from '../answer.ts'
import { idempotencyKeyOf } from '../idempotency-key.ts'
import { findProject } from '../keptn-v1/project-lookup.ts'
import type { AddRoute, RouteRequest } from '../route.ts'
import { sentenceOf } from '../validation.ts'
import { acceptedOutcome, itemKey, refusedOutcome } from './batch.ts'
import { type OpenTaskFound, openTasks } from './open-tasks.ts'
import { reportResult, type TaskAnswerParts } from './task-answer.ts'
import type { TaskFeed } from './task-feed.ts'

export type TaskParts = TaskAnswerParts & {
  readonly taskFeed: TaskFeed
  readonly store: Pick<Store, 'query' | 'dedupeValue'>
  readonly clock: { readonly nowMs: () => number }
}

/** A thousand ordinary results. */
const BATCH_LIMIT_BYTES = 4 * 1024 * 1024

/** The pull loop of a worker: which tasks are open, and what became of many of them at once. */
export function addTaskRoutes(add: AddRoute, parts: TaskParts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/tasks/open',
    summary: 'Open tasks for workers outside, in the order they came; waits for the first if asked',
    query: OpenTasksQuery,
    success: OpenTaskPage,
    handle: (request) => listOpen(parts, request),
  })
  add({
    method: 'POST',
    path: '/api/tiphys/v1/tasks/results',
    summary:
      'Reports the outcomes of several open tasks; one bad item does not fail its neighbours',
    body: TaskResultsBody,
    // Item by item: what is wrong with one is said of that one.
    checkBody: false,
    bodyLimitBytes: BATCH_LIMIT_BYTES,
    success: BatchOutcomes,
    handle: (request) => reportAll(parts, request),
  })
}

type OpenRequest = RouteRequest<'/api/tiphys/v1/tasks/open', OpenTasksQuery, unknown>

async function listOpen(parts: TaskParts, { query, actor, raw }: OpenRequest) {
  if (query.project) {
    const found = findProject(parts.projects, query.project)
    if (!found.ok) return found
    const refused = checkProject(actor, query.project)
    if (refused !== undefined) return refused
  }
  const shown = new Map<string, OpenTaskView>()
  const question = {
    task: query.task,
    limit: query.limit,
    isShown(triggeredId: string) {
      const view = viewOf(parts, triggeredId, actor, query.project)
      if (view !== undefined) shown.set(triggeredId, view)
      return view !== undefined
    },
  }
  const gone = abortWhenGone(raw.raw)
  const untilMs = parts.clock.nowMs() + query.wait
  try {
    let after = query.after
    for (;;) {
      const page = await parts.taskFeed.next({ ...question, after })
      after = page.next
      const leftMs = untilMs - parts.clock.nowMs()
      const isOver = leftMs <= 0 || gone.signal.aborted || parts.taskFeed.isClosed()
      if (page.triggeredIds.length > 0 || isOver) {
        return ok({ tasks: page.triggeredIds.flatMap((id) => shown.get(id) ?? []), next: after })
      }
      await parts.taskFeed.wait({ task: query.task, after }, leftMs, gone.signal)
    }
  } finally {
    gone.release()
  }
}

/** A client that went away is waited with no longer. */
function abortWhenGone({ socket }: { readonly socket: NodeJS.EventEmitter }) {
  const controller = new AbortController()
  const abort = () => controller.abort()
  socket.once('close', abort)
  return { signal: controller.signal, release: () => socket.off('close', abort) }
}

/** Undefined: over by now, not for this actor, not of this project, or no business of workers outside. */
function viewOf(
  parts: TaskParts,
  triggeredId: string,
  actor: Actor,
  project: string | undefined,
): OpenTaskView | undefined {
  const [open] = openTasks(parts, { eventId: triggeredId }, actor)
  if (open === undefined || (project && open.run.plan.project !== project)) return undefined
  const isOurs = open.run.plan.tasks[open.task.index]?.carrier === 'tiphys'
  return isOurs && open.question === undefined ? undefined : view(open)
}

function view({ event, run, task, question }: OpenTaskFound): OpenTaskView {
  const { project, stage, service, sequence } = run.plan
  return {
    triggeredId: event.id,
    keptnContext: run.context,
    runId: run.runId,
    project,
    stage,
    service,
    sequence,
    task: question?.name ?? task.name,
    attempt: task.attempt,
    started: (question ?? task).started.length > 0,
    since: formatTimestamp(question?.askedMs ?? task.dueMs),
    until: formatTimestamp(task.finishByMs - (question?.leadMs ?? 0)),
    data: event.data,
  }
}

const Envelope = z.object({ results: z.array(z.unknown()).min(1).max(MAX_BATCH_ITEMS) })

type ResultsRequest = RouteRequest<'/api/tiphys/v1/tasks/results', unknown, unknown>

async function reportAll(parts: TaskParts, { body, actor, raw }: ResultsRequest) {
  const envelope = Envelope.safeParse(body ?? null)
  if (!envelope.success) return refuse('invalid', sentenceOf(envelope.error, 'body'))
  const batchKey = idempotencyKeyOf(raw)
  if (!batchKey.ok) return batchKey
  const seen = new Map<string, number>()
  const outcomes = await Promise.all(
    envelope.data.results.map((item, index) => {
      const parsed = TaskResultItem.safeParse(item)
      if (!parsed.success)
        return refusedOutcome(refuse('invalid', sentenceOf(parsed.error, 'body')))
      const { triggeredId, idempotencyKey, ...result } = parsed.data
      const earlier = seen.get(triggeredId)
      if (earlier !== undefined) {
        const message = `task ${triggeredId} is answered by item ${earlier} of this request already`
        return refusedOutcome(refuse('invalid', message))
      }
      seen.set(triggeredId, index)
      const key = idempotencyKey ?? itemKey(batchKey.key, index)
      return report(parts, triggeredId, result, actor, key)
    }),
  )
  return ok({ outcomes })
}

async function report(
  parts: TaskParts,
  triggeredId: string,
  result: Parameters<typeof reportResult>[2],
  actor: Actor,
  key: string | undefined,
): Promise<BatchOutcome> {
  const answer = await reportResult(parts, triggeredId, result, actor, key)
  if (answer.ok) return acceptedOutcome(answer.body)
  const before =
    answer.code === 'not-found' && key !== undefined
      ? await acceptedBefore(parts, triggeredId, key, actor)
      : undefined
  return before === undefined
    ? refusedOutcome(answer)
    : acceptedOutcome({ keptnContext: before, eventId: '', duplicate: true })
}

/** The context under which this result was accepted, when the request is a repeat of one whose answer was lost. */
async function acceptedBefore(
  { store, clock }: TaskParts,
  eventId: string,
  key: string,
  actor: Actor,
): Promise<string | undefined> {
  const { events } = await store.query({ eventId, offset: 0, limit: 1 })
  const [triggered] = events
  if (triggered?.projectId === undefined) return undefined
  if (!mayUse(actor, String(triggered.event.data['project'] ?? ''))) return undefined
  const context = await store.dedupeValue(keyOfClient(triggered.projectId, key), clock.nowMs())
  // A key that came with something of another context says nothing about this task.
  return context === triggered.event.shkeptncontext ? context : undefined
}
