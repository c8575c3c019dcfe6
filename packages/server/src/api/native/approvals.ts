import {
  type Approval,
  ApprovalList,
  DecideApprovalBody,
  TaskResultAccepted,
  TaskResultBody,
} from '@tiphys/contract/http/native-approval.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { z } from 'zod'
import type { Actor } from '../../intake/actor.ts'
import { textAt, valueAt } from '../../projections/project-of-row.ts'
import { ok } from '../answer.ts'
import { findProject } from '../keptn-v1/project-lookup.ts'
import type { AddRoute } from '../route.ts'
import { type OpenTaskFound, openTasks } from './open-tasks.ts'
import {
  finishTask,
  notOpen,
  reportResult,
  type TaskAnswered,
  type TaskAnswerParts,
} from './task-answer.ts'

const APPROVAL_TRIGGERED = 'sh.keptn.event.approval.triggered'

/** Answers to open tasks: a person's to an approval, a program's to any task. */
export function addTaskAnswerRoutes(add: AddRoute, parts: TaskAnswerParts): void {
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
    handle: ({ params, body, actor }) => reportResult(parts, params.triggeredId, body, actor),
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
  parts: TaskAnswerParts,
  triggeredId: string,
  body: DecideApprovalBody,
  actor: Actor,
): Promise<TaskAnswered> {
  const [open] = openTasks(parts, { eventId: triggeredId, type: APPROVAL_TRIGGERED }, actor)
  if (open === undefined) return notOpen('approval', triggeredId)
  const { decision, comment, person } = body
  const who = person === undefined ? actor.name : `${person} (token ${actor.name})`
  const word = decision === 'pass' ? 'approved' : 'declined'
  return await finishTask(parts, open, actor, {
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
