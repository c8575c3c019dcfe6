import { parseEventType } from '@tiphys/contract/event.ts'
import { type AuditedRequest, type AuditLine, kept, text } from './audited-request.ts'

/**
 * Events carry who sent them in their own rows, and the busiest route pays nothing for the audit log. Only what a person decides with one
 * is an entry too, so that all decisions stand in one place: approvals, and evaluations that are taken back.
 */
export function eventLines({ body, answer, isRepeat }: AuditedRequest): readonly AuditLine[] {
  if (!Array.isArray(body)) return isRepeat ? [] : lineOf(body, answer)
  const { outcomes } = (answer ?? {}) as { outcomes?: readonly unknown[] }
  return body.flatMap((event, index) => lineOf(event, outcomes?.[index]))
}

function lineOf(event: unknown, outcome: unknown): readonly AuditLine[] {
  const action = actionOf(text(event, 'type') ?? '')
  // A repeat did nothing; of a batch, some may have been refused.
  const isDone = text(outcome, 'keptnContext') !== undefined && !isDuplicate(outcome)
  if (action === undefined || !isDone) return []
  const data = (event as { data?: unknown }).data
  const approval = (data as { approval?: unknown } | undefined)?.approval
  const decision = action === 'approval.decide' ? text(data, 'result') : undefined
  return [
    {
      action,
      on: kept({
        project: text(data, 'project'),
        stage: text(data, 'stage'),
        service: text(data, 'service'),
        context: text(outcome, 'keptnContext'),
        name: text(event, 'triggeredid'),
      }),
      person: text(approval, 'person'),
      ...(decision === undefined ? {} : { details: { decision } }),
    },
  ]
}

function isDuplicate(outcome: unknown): boolean {
  return (outcome as { duplicate?: unknown }).duplicate === true
}

function actionOf(eventType: string): string | undefined {
  const type = parseEventType(eventType)
  if (type.kind !== 'task') return undefined
  if (type.action === 'invalidated') return 'evaluation.invalidate'
  return type.task === 'approval' && type.action === 'finished' ? 'approval.decide' : undefined
}
