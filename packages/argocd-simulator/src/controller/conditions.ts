import type { Application, Condition } from '../application/application.ts'
import { rfc3339 } from '../time.ts'

/** Condition types that mean something is wrong, as opposed to a warning. */
const ERROR_TYPES = new Set([
  'ComparisonError',
  'InvalidSpecError',
  'SyncError',
  'UnknownError',
  'DeletionError',
])

export function isErrorCondition(condition: { type: string }): boolean {
  return ERROR_TYPES.has(condition.type)
}

/**
 * Replaces all conditions of the types in `judged` by `found`. A condition that stays keeps its
 * lastTransitionTime.
 */
export function setConditions(
  application: Application,
  found: readonly { type: string; message: string }[],
  judged: readonly string[],
): void {
  const before = application.status.conditions ?? []
  const kept = before.filter((condition) => !judged.includes(condition.type))
  const fresh = found.map(
    (condition): Condition =>
      before.find((old) => old.type === condition.type && old.message === condition.message) ?? {
        ...condition,
        lastTransitionTime: rfc3339(Date.now()),
      },
  )
  const all = [...kept, ...fresh]
  if (all.length > 0) application.status.conditions = all
  else delete application.status.conditions
}
