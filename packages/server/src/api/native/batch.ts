import type { BatchOutcome } from '@tiphys/contract/http/native-task.ts'
import type { Refusal } from '../answer.ts'
import { HTTP_STATUS } from '../http-status.ts'

const OK = 200

/** An item was accepted, now or, as a repeat, before. */
export function acceptedOutcome(answer: {
  readonly keptnContext: string
  readonly eventId: string
  readonly duplicate?: boolean
}): BatchOutcome {
  const { keptnContext, eventId, duplicate } = answer
  return { code: OK, keptnContext, eventId, ...(duplicate ? { duplicate } : {}) }
}

/** An item was refused, as it would have been alone. */
export function refusedOutcome({ code, message }: Refusal): BatchOutcome {
  return { code: HTTP_STATUS[code], message }
}

/** The key of one item, where a client gave one to the whole request: its repeat has the same items in the same order. */
export function itemKey(batchKey: string | undefined, index: number): string | undefined {
  return batchKey === undefined ? undefined : `${batchKey}#${index}`
}
