import type { KeptnEvent, Result, Status } from '@tiphys/contract/event.ts'
import type { Finished, Outcome } from './run-state.ts'

const STATUSES: readonly Status[] = ['succeeded', 'errored', 'unknown', 'aborted']
const RESULTS: readonly Result[] = ['pass', 'warning', 'fail']

/** What a `.finished` event says; what it leaves out counts against it. */
export function finishedOf(event: KeptnEvent): Finished {
  return {
    source: event.source,
    status: STATUSES.find((word) => word === event.data['status']) ?? 'unknown',
    result: RESULTS.find((word) => word === event.data['result']) ?? 'fail',
    message: text(event.data['message']),
    data: event.data,
  }
}

/** Facts/keptn-v1.md 1.4: one fail fails, an unknown status fails, the message is the last one's. */
export function aggregate(finished: readonly Finished[]): Outcome {
  const results = finished.map((one) => one.result)
  const statuses = finished.map((one) => one.status)
  const message = finished.at(-1)?.message ?? ''
  const result = results.includes('fail')
    ? 'fail'
    : results.includes('warning')
      ? 'warning'
      : 'pass'
  if (statuses.includes('errored')) return { status: 'errored', result, message }
  if (statuses.includes('aborted')) return { status: 'aborted', result, message }
  if (statuses.every((status) => status === 'succeeded'))
    return { status: 'succeeded', result, message }
  return { status: 'unknown', result: 'fail', message }
}

/** The text of a field that may be anything. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
