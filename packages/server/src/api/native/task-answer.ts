import type { IncomingEvent, KeptnEvent } from '@tiphys/contract/event.ts'
import type { TaskResultAccepted, TaskResultBody } from '@tiphys/contract/http/native-approval.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { APPROVAL } from '@tiphys/core/sequence/plan.ts'
import type { z } from 'zod'
import type { Engine } from '../../engine/engine.ts'
import type { Actor } from '../../intake/actor.ts'
import type { Intake, IntakeAnswer } from '../../intake/intake.ts'
import type { Projects } from '../../projects/projects.ts'
import { type Answer, ok, refusalOf, refuse } from '../answer.ts'
import { type OpenTaskFound, openTasks } from './open-tasks.ts'

export type TaskAnswerParts = {
  readonly engine: Engine
  readonly projects: Projects
  readonly intake: Intake
}

export type TaskAnswered = Answer<z.output<typeof TaskResultAccepted>>

const SOURCE = 'tiphys-api'

/** Started and finished of an open task, handed in together so that they share a turn of the engine. */
export async function reportResult(
  parts: TaskAnswerParts,
  triggeredId: string,
  body: TaskResultBody,
  actor: Actor,
  idempotencyKey?: string,
): Promise<TaskAnswered> {
  const [open] = openTasks(parts, { eventId: triggeredId }, actor)
  if (open === undefined) return notOpen('task', triggeredId)
  if (open.question === undefined && open.task.name === APPROVAL) {
    return refuse('invalid', `${triggeredId} is an approval: decide it at /api/tiphys/v1/approvals`)
  }
  const isOurs = open.run.plan.tasks[open.task.index]?.carrier === 'tiphys'
  if (isOurs && open.question === undefined) {
    return refuse('invalid', `task ${open.task.name} is carried out by Tiphys itself`)
  }
  const { source, data, result, status = 'succeeded', message = '' } = body
  // Parsed from JSON, so it is JSON.
  const extra = (data ?? {}) as JsonObject
  const [started, finished] = await Promise.all([
    parts.intake.accept(answerTo(open.event, 'started', source, { status: 'succeeded' }), actor),
    parts.intake.accept(
      answerTo(open.event, 'finished', source, { ...extra, result, status, message }),
      actor,
      idempotencyKey === undefined ? {} : { idempotencyKey },
    ),
  ])
  return started.code === 'accepted' ? answered(finished) : refusalOf(started)
}

/** The end of an open task. */
export async function finishTask(
  parts: TaskAnswerParts,
  open: OpenTaskFound,
  actor: Actor,
  data: JsonObject,
): Promise<TaskAnswered> {
  const event = answerTo(open.event, 'finished', undefined, data)
  return answered(await parts.intake.accept(event, actor))
}

export function notOpen(what: string, triggeredId: string) {
  return refuse(
    'not-found',
    `there is no open ${what} ${triggeredId}; it may have been decided or given up already`,
  )
}

function answered(answer: IntakeAnswer): TaskAnswered {
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
