import { type EventType, IncomingEvent, parseEventType } from '@tiphys/contract/event.ts'
import type { z } from 'zod'

/** What Keptn's API checked before it took an event (facts/keptn-v1.md 2.2), with the mends of compatibility.md. */
export type ValidEvent =
  | { readonly code: 'valid'; readonly event: IncomingEvent; readonly type: EventType }
  | { readonly code: 'invalid'; readonly message: string }

/** Deeper data is an attack on whoever walks it. */
const MAX_DEPTH = 100

const PASSED_THROUGH = ['sh.keptn.log.error', 'sh.keptn.events.problem']
const MONITORING = 'sh.keptn.event.monitoring.configure'

export function validateEvent(body: unknown): ValidEvent {
  if (!isShallow(body)) return invalid(`the event is nested deeper than ${MAX_DEPTH} levels`)
  const parsed = IncomingEvent.safeParse(body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue?.path.join('.') || 'the body'
    return invalid(`not a valid event: ${where} ${faultOf(issue)}`)
  }
  const event = parsed.data
  const type = parseEventType(event.type)
  const problem = problemOf(event, type)
  return problem === undefined ? { code: 'valid', event, type } : invalid(problem)
}

function faultOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code !== 'invalid_type') return `is not usable: ${issue?.message ?? 'unreadable'}`
  const expected = issue.expected === 'record' ? 'object' : issue.expected
  const isMissing = issue.message.endsWith('received undefined')
  return isMissing ? `is missing (expected ${expected})` : `is not of the type ${expected}`
}

function problemOf(event: IncomingEvent, type: EventType): string | undefined {
  const { data } = event
  if (PASSED_THROUGH.includes(event.type)) return undefined
  if (event.type === MONITORING) {
    return data.project && data['type']
      ? undefined
      : `${MONITORING} needs data.project and data.type`
  }
  if (type.kind === 'other') return `unknown event type: ${event.type}`
  if (type.kind === 'sequence') return sequenceProblem(event, type)
  return taskProblem(event, type.action)
}

function sequenceProblem(
  event: IncomingEvent,
  type: Extract<EventType, { kind: 'sequence' }>,
): string | undefined {
  if (type.action !== 'triggered') {
    return `unknown event type action: ${type.action}; of a sequence only triggered can be sent`
  }
  const missing = missingScope(event)
  if (missing !== undefined) return missing
  if (event.data.stage !== type.stage) {
    return `data.stage is ${event.data.stage}, but the event type names stage ${type.stage}`
  }
  return undefined
}

function taskProblem(event: IncomingEvent, action: string): string | undefined {
  if (action === 'invalidated') return missingScope(event) ?? missingTriggeredId(event)
  if (action !== 'started' && action !== 'status.changed' && action !== 'finished') {
    return `unknown event type action: ${action}; a task is answered with started, status.changed or finished, and a sequence is started with sh.keptn.event.<stage>.<sequence>.triggered`
  }
  const missing = missingScope(event) ?? missingTriggeredId(event)
  if (missing !== undefined || action !== 'finished') return missing
  if (!event.data.result) return 'a finished event needs data.result: pass, warning or fail'
  return undefined
}

function missingScope(event: IncomingEvent): string | undefined {
  const names = ['project', 'stage', 'service'] as const
  const missing = names.filter((name) => !event.data[name])
  return missing.length === 0 ? undefined : `missing in data: ${missing.join(', ')}`
}

function missingTriggeredId(event: IncomingEvent): string | undefined {
  return event.triggeredid
    ? undefined
    : 'triggeredid is missing: the id of the .triggered event that this one answers'
}

/** Iterative on purpose: a recursive walk would be what the depth is there to break. */
function isShallow(body: unknown): boolean {
  let level: unknown[] = [body]
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
    if (level.length === 0) return true
  }
  return false
}

function invalid(message: string): ValidEvent {
  return { code: 'invalid', message }
}
