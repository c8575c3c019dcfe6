import {
  CONTENT_TYPE,
  type EventType,
  type IncomingEvent,
  KEPTN_SPEC_VERSION,
  type KeptnEvent,
  SPEC_VERSION,
} from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { isUuid, uuidOf } from '@tiphys/core/event-id.ts'
import type { Engine } from '../engine/engine.ts'
import type { Clock } from '../ports/clock.ts'
import type { NewEffect } from '../ports/store.ts'
import type { ProjectRecord, Projects } from '../projects/projects.ts'
import type { Actor, Scope } from './actor.ts'
import type { Intake, IntakeAnswer } from './intake.ts'
import { repeatKeys } from './repeat-keys.ts'
import { validateEvent } from './validate-event.ts'

export type IntakeParts = {
  readonly engine: Engine
  readonly projects: Projects
  readonly clock: Clock
  readonly newId: (nowMs: number) => string
  readonly allows: (actor: Actor, scope: Scope, project?: string) => boolean
  /** A hint from Argo CD is stored and looked into after the answer, because that needs a call; undefined for any other event. */
  readonly hintOf: (event: KeptnEvent, clientId: string, projectId: string) => NewEffect | undefined
}

/** Keptn's default `source`. */
const DEFAULT_SOURCE = 'https://github.com/keptn/keptn/api'
/** Attributes that are ours to set; whatever else the client sent stays on the event. */
const OWN_ATTRIBUTES = [
  'id',
  'time',
  'specversion',
  'shkeptncontext',
  'shkeptnspecversion',
  'source',
  'data',
  'contenttype',
]

export function createIntake(parts: IntakeParts): Intake {
  return {
    async accept(body, actor, options = {}): Promise<IntakeAnswer> {
      const valid = validateEvent(body)
      if (valid.code === 'invalid') return { code: 'invalid-event', message: valid.message }
      const { event, type } = valid
      const { project } = event.data
      const scope = neededScope(type)
      if (!parts.allows(actor, scope, project)) {
        return { code: 'forbidden', message: forbidden(event, actor, scope) }
      }
      const record = project === undefined ? undefined : parts.projects.find(project)
      if (project !== undefined && record === undefined) {
        return { code: 'project-not-found', message: `Project not found: ${project}` }
      }
      return await take(parts, { event, type, record, actor, ...options })
    },
  }
}

function forbidden(event: IncomingEvent, actor: Actor, scope: Scope): string {
  const { project } = event.data
  const where = project === undefined ? '' : ` in project ${project}`
  const hasScope = actor.scopes.includes(scope) || actor.scopes.includes('admin')
  const why = hasScope
    ? `it is for ${actor.projects.join(', ') || 'no project'}`
    : `it needs the scope ${scope}`
  return `token ${actor.name} may not send ${event.type}${where}: ${why}`
}

type Taken = {
  readonly event: IncomingEvent
  readonly type: EventType
  readonly record: ProjectRecord | undefined
  readonly actor: Actor
  readonly idempotencyKey?: string
}

async function take(parts: IntakeParts, taken: Taken): Promise<IntakeAnswer> {
  const { event, type, record, actor, idempotencyKey } = taken
  const nowMs = parts.clock.nowMs()
  const context = contextOf(event.shkeptncontext) ?? parts.newId(nowMs)
  const projectId = record?.projectId ?? ''
  const complete = completed(event, type, { id: parts.newId(nowMs), context, nowMs, actor })
  const pinned = await pinOf(parts, record, type, event.gitcommitid)
  if ('message' in pinned) return { code: 'invalid-event', message: pinned.message }
  const key = idempotencyKey === undefined ? {} : { idempotencyKey }
  const keys = repeatKeys({ event, type, projectId, context, nowMs, ...key })
  const hint = parts.hintOf(complete, event.id ?? '', projectId)
  const answer = await parts.engine.submit({
    event: complete,
    actor,
    ...(record === undefined ? {} : { projectId }),
    ...(keys.length === 0 ? {} : { dedupeKeys: keys }),
    ...(hint === undefined ? {} : { effects: [hint], inboxOnly: true }),
    ...pinned,
  })
  if (answer.code === 'repeat') {
    return { code: 'accepted', keptnContext: answer.context, eventId: '', duplicate: true }
  }
  return { code: 'accepted', keptnContext: context, eventId: complete.id, duplicate: false }
}

function neededScope(type: EventType): Scope {
  if (type.kind !== 'task' || type.action === 'invalidated') return 'trigger'
  return type.task === 'approval' && type.action === 'finished' ? 'approve' : 'answer'
}

/** A UUID stays; any other text maps to one UUID of its own; nothing means a new context. */
function contextOf(text: string | undefined): string | undefined {
  if (!text) return undefined
  return isUuid(text) ? text.toLowerCase() : uuidOf(text)
}

type Completion = {
  readonly id: string
  readonly context: string
  readonly nowMs: number
  readonly actor: Actor
}

function completed(event: IncomingEvent, type: EventType, by: Completion): KeptnEvent {
  const extensions = Object.fromEntries(
    Object.entries(event).filter(([name]) => !OWN_ATTRIBUTES.includes(name)),
  )
  return {
    ...extensions,
    id: by.id,
    type: event.type,
    source: event.source || DEFAULT_SOURCE,
    specversion: SPEC_VERSION,
    time: formatTimestamp(by.nowMs),
    contenttype: CONTENT_TYPE,
    shkeptncontext: by.context,
    shkeptnspecversion: KEPTN_SPEC_VERSION,
    ...(event.time === undefined ? {} : { tiphysclienttime: event.time }),
    ...(event.id === undefined ? {} : { tiphysclientid: event.id }),
    data: dataOf(event, type, by.actor),
  }
}

/** `finished` without status succeeded (compatibility.md); an approval carries who gave it. */
function dataOf(event: IncomingEvent, type: EventType, actor: Actor): JsonObject {
  // Parsed from JSON, so it is JSON.
  const data = event.data as JsonObject
  if (type.kind !== 'task' || type.action !== 'finished') return data
  const finished = data['status'] ? data : { ...data, status: 'succeeded' }
  if (type.task !== 'approval') return finished
  const approval = typeof data['approval'] === 'object' ? data['approval'] : {}
  return { ...finished, approval: { ...approval, decidedBy: actor.name } }
}

type Pinned = { readonly commitId?: string }

/** A client may name the configuration commit its run shall use; it must be one of the project's. */
async function pinOf(
  parts: IntakeParts,
  record: ProjectRecord | undefined,
  type: EventType,
  commitId: string | undefined,
): Promise<Pinned | { message: string }> {
  if (record === undefined || !commitId || type.kind !== 'sequence') return {}
  const found = await parts.projects.snapshotOfCommit(record.projectId, commitId, type.stage)
  if (found !== undefined) return { commitId }
  return { message: `gitcommitid ${commitId} is not a commit of project ${record.name}` }
}
