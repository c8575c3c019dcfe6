import type { JsonObject } from '@tiphys/contract/json.ts'
import { canProceed } from '@tiphys/core/sequence/decide-run.ts'
import type { Engine } from '../engine/engine.ts'
import type { Projections } from '../ports/projections.ts'
import { RUNS } from '../projections/runs.ts'
import type { RunDocument } from '../projections/runs-document.ts'

/** Documents of the runs projection were made by its fold. */
export function asRun(document: JsonObject): RunDocument {
  return document as unknown as RunDocument
}

/** More runs than this of the contexts on one page are not looked at. */
export const MAX_RUNS = 1000

/** The runs of contexts, oldest first. */
export async function runsOfContexts(
  projections: Pick<Projections, 'list'>,
  scope: { readonly projectId?: string; readonly contexts: readonly string[] },
): Promise<readonly RunDocument[]> {
  if (scope.contexts.length === 0) return []
  const { documents } = await projections.list(RUNS, { ...scope, offset: 0, limit: MAX_RUNS })
  return documents.map(asRun).sort((left, right) => left.position - right.position)
}

/** Ids of open runs that could begin or go on, but for their lane: a list folded from the log cannot know. */
export function laneWaiters(engine: Engine, projectId: string, nowMs: number): ReadonlySet<string> {
  return new Set(
    engine
      .openRunsOf(projectId)
      .filter((run) => run.enteredMs === undefined && canProceed(run, nowMs))
      .map((run) => run.runId),
  )
}
