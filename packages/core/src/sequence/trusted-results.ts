import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { APPROVAL } from './plan.ts'
import type { RunRow } from './run-row.ts'

type Start = Extract<RunRow['meta'], { k: 'start' }>

/**
 * What a run begins with. Figures of tests that came with its trigger, from whoever sent it or from an earlier stage, would pass a gate that
 * judges test results: where the run has tests of its own only they may say what was measured, and elsewhere only whoever may answer tasks.
 */
export function trustedInput(
  data: JsonObject,
  { plan, rerun, senderMayAnswer }: Start,
): JsonObject {
  const tasks = plan.tasks.slice(rerun?.from ?? 0)
  const isTrusted = senderMayAnswer !== false && !tasks.some((task) => task.name === 'test')
  return isTrusted ? data : withoutResults(data)
}

/** What the end of a task brings. Whoever decides an approval need not be one who may answer tests. */
export function trustedAnswer(data: JsonObject, taskName: string): JsonObject {
  return taskName === APPROVAL ? withoutResults(data) : data
}

function withoutResults(data: JsonObject): JsonObject {
  const { test } = data
  if (test === undefined || !isJsonObject(test) || !('results' in test)) return data
  const { results: _, ...rest } = test
  return { ...data, test: rest }
}
