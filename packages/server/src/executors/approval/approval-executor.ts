import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import type { TaskExecutor } from '../executor.ts'

/**
 * The `approval` task (facts/keptn-v1.md 1.7). The policy comes from the shipyard's properties alone; the event supplies the result
 * so far. `automatic` lets that result through, a fail is never approved, and everything else stays open for a person's
 * `approval.finished`. Unset is manual, as in Keptn's code.
 */
export function createApprovalExecutor(): TaskExecutor {
  return {
    task: 'approval',
    source: 'approval-service',
    takes: () => 'configured',
    execute: (job) => Promise.resolve(decideApproval(job.properties, job.data)),
  }
}

export function decideApproval(properties: JsonObject, data: JsonObject) {
  const result = resultSoFar(data)
  if (result === 'fail') {
    const message = 'not approved: the result so far is fail'
    return { code: 'finished', status: 'succeeded', result: 'fail', message } as const
  }
  const isKnown = result === 'pass' || result === 'warning'
  if (isKnown && properties[result] === 'automatic') {
    const message = `approved automatically: the result so far is ${result}`
    return { code: 'finished', status: 'succeeded', result: 'pass', message } as const
  }
  const so = isKnown ? `the result so far is ${result}` : 'no result so far'
  return { code: 'left-open', message: `waits for a person: ${so}` } as const
}

function resultSoFar(data: JsonObject): unknown {
  if (data['result']) return data['result']
  const evaluation = data['evaluation']
  return evaluation !== undefined && isJsonObject(evaluation) ? evaluation['result'] : undefined
}
