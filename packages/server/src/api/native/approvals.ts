import type { IncomingEvent, KeptnEvent } from '@tiphys/contract/event.ts'
import {
  type Approval,
  ApprovalList,
  DecideApprovalBody,
  TaskResultAccepted,
  TaskResultBody,
} from '@tiphys/contract/http/native-approval.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { APPROVAL } from '@tiphys/core/sequence/plan.ts'
import { z } from 'zod'
import type { Engine } from '../../engine/engine.ts'
import type { Actor } from '../../intake/actor.ts'
import type { Intake } from '../../intake/intake.ts'
import { textAt, valueAt } from '../../projections/project-of-row.ts'
import type { Projects } from '../../projects/projects.ts'
import { type Answer, ok, refusalOf, refuse } from '../answer.ts'
import { findProject } from '../keptn-v1/project-lookup.ts'
import type { AddRoute } from '../route.ts'
import { type OpenTaskFound, openTasks } from './open-tasks.ts'

type Parts = { readonly engine: Engine; readonly projects: Projects; readonly intake: Intake }

const APPROVAL_TRIGGERED = 'sh.keptn.event.approval.triggered'
const SOURCE = 'tiphys-api'

/** Answers to open tasks: a person's to an approval, a program's to any task. */
export function addTaskAnswerRoutes(add: AddRoute, parts: Parts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/approvals',
    summary: 'Approvals that wait for a person, oldest first',
    query: z.object({ project: z.string().optional() }),
    success: ApprovalList,
    handle({ query, actor }) {
      const filter: { type: string; projectId?: string } = { type: APPROVAL_TRIGGERED }
      if (query.project) {
        const found = findProject(parts.projects, query.project)
        if (!found.ok) return found
        filter.projectId = found.record.projectId
      }
      return ok({ approvals: openTasks(parts, filter, actor).map(approvalView) })
    },
  })
  add({
    method: 'POST',
    path: '/api/tiphys/v1/approvals/:triggeredId',
    summary: 'Approves (pass) or declines (fail); who did it is recorded',
    body: DecideApprovalBody,
    success: TaskResultAccepted,
    handle: ({ params, body, actor }) => decide(parts, params.triggeredId, body, actor),
  })
  add({
    method: 'POST',
    path: '/api/tiphys/v1/tasks/:triggeredId/result',
    summary: 'Reports the outcome of an open task: started and finished in one call',
    body: TaskResultBody,
    success: TaskResultAccepted,
    handle: ({ params, body, actor }) => report(parts, params.triggeredId, body, actor),
  })
}

function approvalView({ event, run, task }: OpenTaskFound): Approval {
  const { project, stage, service, sequence } = run.plan
  const result = textAt(event.data, 'result')
  const evaluated = textAt(event.data, 'evaluation', 'result')
  const score = valueAt(event.data, ['evaluation', 'score'])
  const image = textAt(event.data, 'configurationChange', 'values', 'image')
  const labels = z.record(z.string(), z.string()).safeParse(event.data['labels'])
  return {
    triggeredId: event.id,
    context: run.context,
    runId: run.runId,
    project,
    stage,
    service,
    sequence,
    ...(result === undefined ? {} : { result }),
    ...(evaluated === undefined || typeof score !== 'number'
      ? {}
      : { evaluation: { result: evaluated, score } }),
    ...(image === undefined ? {} : { image }),
    ...(labels.success ? { labels: labels.data } : {}),
    since: formatTimestamp(task.dueMs),
    until: formatTimestamp(task.finishByMs),
  }
}

async function decide(
  parts: Parts,
  triggeredId: string,
  body: DecideApprovalBody,
  actor: Actor,
): Promise<Answer<z.output<typeof TaskResultAccepted>>> {
  const [open] = openTasks(parts, { eventId: triggeredId, type: APPROVAL_TRIGGERED }, actor)
  if (open === undefined) return notOpen('approval', triggeredId)
  const { decision, comment, person } = body
  const who = person === undefined ? actor.name : `${person} (token ${actor.name})`
  const word = decision === 'pass' ? 'approved' : 'declined'
  return await finish(parts, open, actor, {
    result: decision,
    status: 'succeeded',
    message: `${word} by ${who}${comment ? `: ${comment}` : ''}`,
    approval: {
      decision,
      ...(comment === undefined ? {} : { comment }),
      ...(person === undefined ? {} : { person }),
    },
  })
}

async function report(
  parts: Parts,
  triggeredId: string,
  body: TaskResultBody,
  actor: Actor,
): Promise<Answer<z.output<typeof TaskResultAccepted>>> {
  const [open] = openTasks(parts, { eventId: triggeredId }, actor)
  if (open === undefined) return notOpen('task', triggeredId)
  if (open.task.name === APPROVAL) {
    return refuse('invalid', `${triggeredId} is an approval: decide it at /api/tiphys/v1/approvals`)
  }
  if (open.run.plan.tasks[open.task.index]?.carrier === 'tiphys') {
    return refuse('invalid', `task ${open.task.name} is carried out by Tiphys itself`)
  }
  const { source, data, result, status = 'succeeded', message = '' } = body
  const started = await parts.intake.accept(
    answerTo(open.event, 'started', source, { status: 'succeeded' }),
    actor,
  )
  if (started.code !== 'accepted') return refusalOf(started)
  // Parsed from JSON, so it is JSON.
  const extra = (data ?? {}) as JsonObject
  return await finish(parts, open, actor, { ...extra, result, status, message }, source)
}

async function finish(
  parts: Parts,
  open: OpenTaskFound,
  actor: Actor,
  data: JsonObject,
  source?: string,
): Promise<Answer<z.output<typeof TaskResultAccepted>>> {
  const answer = await parts.intake.accept(answerTo(open.event, 'finished', source, data), actor)
  if (answer.code !== 'accepted') return refusalOf(answer)
  const { keptnContext, eventId } = answer
  return ok({ keptnContext, eventId })
}

/** An event as any service would send it. */
function answerTo(
  event: KeptnEvent,
  action: 'started' | 'finished',
  source: string | undefined,
  data: JsonObject,
): IncomingEvent {
  const { project, stage, service, labels } = event.data
  return {
    type: event.type.replace(/triggered$/, action),
    source: source ?? SOURCE,
    triggeredid: event.id,
    ...(event.shkeptncontext === undefined ? {} : { shkeptncontext: event.shkeptncontext }),
    ...(event.gitcommitid === undefined ? {} : { gitcommitid: event.gitcommitid }),
    data: {
      ...data,
      project: String(project),
      stage: String(stage),
      service: String(service),
      ...(labels === undefined ? {} : { labels: labels as Record<string, string> }),
    },
  }
}

function notOpen(what: string, triggeredId: string) {
  return refuse(
    'not-found',
    `there is no open ${what} ${triggeredId}; it may have been decided or given up already`,
  )
}
