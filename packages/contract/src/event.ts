import { z } from 'zod'
import type { JsonObject } from './json.ts'

/**
 * A CloudEvent as Keptn's HTTP API shows and takes it (facts/keptn-v1.md 1.2): extensions are top-level attributes,
 * unknown attributes and data survive.
 */
export type KeptnEvent = {
  readonly id: string
  readonly type: string
  readonly source: string
  readonly specversion: string
  /** `2006-01-02T15:04:05.000Z`: when we accepted it, never the client's stamp. */
  readonly time: string
  readonly contenttype?: string
  readonly shkeptncontext?: string
  readonly shkeptnspecversion?: string
  /** The id of the `.triggered` event that this one answers. */
  readonly triggeredid?: string
  readonly gitcommitid?: string
  readonly data: JsonObject
  readonly [extension: string]: unknown
}

export const SPEC_VERSION = '1.0'
export const KEPTN_SPEC_VERSION = '0.2.4'
export const CONTENT_TYPE = 'application/json'

export const Status = z.enum(['succeeded', 'errored', 'unknown', 'aborted'])
export type Status = z.infer<typeof Status>
export const Result = z.enum(['pass', 'warning', 'fail'])
export type Result = z.infer<typeof Result>

/** The part of `data` that every Keptn event shares; everything else in it survives. */
export const EventData = z.looseObject({
  project: z.string().optional(),
  stage: z.string().optional(),
  service: z.string().optional(),
  labels: z.record(z.string(), z.string()).nullish(),
  status: z.string().optional(),
  result: z.string().optional(),
  message: z.string().optional(),
})
export type EventData = z.infer<typeof EventData>

/** What `POST /api/v1/event` takes: `data`, `source` (defaulted) and `type` matter, the rest is optional. */
export const IncomingEvent = z.looseObject({
  type: z.string().min(1),
  source: z.string().optional(),
  id: z.string().optional(),
  specversion: z.string().optional(),
  time: z.string().optional(),
  shkeptncontext: z.string().optional(),
  triggeredid: z.string().optional(),
  gitcommitid: z.string().optional(),
  data: EventData,
})
export type IncomingEvent = z.infer<typeof IncomingEvent>

export type TaskAction = 'triggered' | 'started' | 'status.changed' | 'finished' | 'invalidated'

export type EventType =
  | { readonly kind: 'task'; readonly task: string; readonly action: string }
  | {
      readonly kind: 'sequence'
      readonly stage: string
      readonly sequence: string
      readonly action: string
    }
  | { readonly kind: 'other' }

const PREFIX = 'sh.keptn.event.'

/**
 * Takes an event type apart: five dotted parts are a task event, six a sequence event (facts/keptn-v1.md 1.2).
 * `<task>.status.changed` has six parts too and is a task event here; Keptn took it for a sequence.
 */
export function parseEventType(type: string): EventType {
  if (!type.startsWith(PREFIX)) return { kind: 'other' }
  const parts = type.slice(PREFIX.length).split('.')
  if (parts.some((part) => part === '')) return { kind: 'other' }
  const [first, second, third] = parts
  if (first === undefined || second === undefined) return { kind: 'other' }
  if (parts.length === 2) return { kind: 'task', task: first, action: second }
  if (parts.length !== 3 || third === undefined) return { kind: 'other' }
  if (second === 'status' && third === 'changed') {
    return { kind: 'task', task: first, action: 'status.changed' }
  }
  return { kind: 'sequence', stage: first, sequence: second, action: third }
}

export function taskEventType(task: string, action: TaskAction): string {
  return `${PREFIX}${task}.${action}`
}

export function sequenceEventType(
  stage: string,
  sequence: string,
  action: 'triggered' | 'finished',
): string {
  return `${PREFIX}${stage}.${sequence}.${action}`
}

/** Facts of our own; the Keptn endpoints do not show them. */
export const FACT_PREFIX = 'dev.tiphys.'
