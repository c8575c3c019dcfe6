import type { Application, OperationState } from '../application/application.ts'

/** Entries kept when the spec says nothing else. */
const DEFAULT_LIMIT = 10

/** Notes a successful full sync, oldest first. Ids count up and are never used again. */
export function addHistory(application: Application, state: OperationState): void {
  const { syncResult, startedAt, finishedAt, operation } = state
  if (syncResult === undefined || finishedAt === undefined) return
  const before = application.status.history ?? []
  const { resources: _resources, ...deployed } = structuredClone(syncResult)
  const entry = {
    ...deployed,
    id: (before.at(-1)?.id ?? -1) + 1,
    deployStartedAt: startedAt,
    deployedAt: finishedAt,
    initiatedBy: operation.initiatedBy,
  }
  const limit = application.spec.revisionHistoryLimit ?? DEFAULT_LIMIT
  application.status.history = limit === 0 ? [] : [...before, entry].slice(-limit)
}
