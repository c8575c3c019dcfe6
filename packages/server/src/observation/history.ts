import type { Projections } from '../ports/projections.ts'
import { RUNS } from '../projections/runs.ts'
import { CONTEXTS, type ContextDocument, contextKey } from '../projections/runs-by-context.ts'
import type { RunDocument } from '../projections/runs-document.ts'
import type { History } from './delivery-metrics.ts'
import {
  ARGOCD_ORIGIN,
  ARGOCD_SOURCE,
  DEPLOYMENT,
  isGood,
  ROLLBACK,
  resultWord,
} from './run-facts.ts'

/** A lane that was broken for more runs than this counts from the oldest of them. */
const RUNS_LOOKED_AT = 50

type Lists = Pick<Projections, 'catchUp' | 'get' | 'list'>

/** What happened before this process, asked of the lists, once they are there. */
export function createHistory(lists: () => Lists | undefined): History {
  return {
    async contextBeganMs(projectId, context) {
      const projections = lists()
      await projections?.catchUp()
      return (await contextOf(projections, projectId, context))?.startedMs
    },
    async brokenSinceMs({ runId, projectId, stage, service }) {
      const projections = lists()
      await projections?.catchUp()
      const query = { projectId, stage, service, offset: 0, limit: RUNS_LOOKED_AT }
      const found = await projections?.list(RUNS, query)
      // Documents of this projection were made by its fold.
      const runs = (found?.documents ?? []) as unknown as readonly RunDocument[]
      return brokenSince(runs.filter((run) => run.runId !== runId))
    },
  }
}

/** The first run of a context, as far as the lists were folded. */
export async function rootRunOf(
  projections: Lists,
  projectId: string,
  context: string,
): Promise<string | undefined> {
  const found = await contextOf(projections, projectId, context)
  // Ids are no whole numbers, so an object keeps them in the order in which they came.
  return Object.keys(found?.runs ?? {})[0]
}

async function contextOf(
  projections: Lists | undefined,
  projectId: string,
  context: string,
): Promise<ContextDocument | undefined> {
  const found = await projections?.get(CONTEXTS, contextKey(projectId, context))
  // Documents of this projection were made by its fold.
  return found as unknown as ContextDocument | undefined
}

/** Since when a lane is broken, of its runs, newest first. */
export function brokenSince(runs: readonly RunDocument[]): number | undefined {
  let sinceMs: number | undefined
  for (const run of runs) {
    if (run.end === undefined || run.endedMs === undefined) continue
    const result = resultWord(run.end.status, run.end.result)
    const isMended = isGood(result) && (hasDeployed(run) || run.rerun !== undefined)
    if (isMended || (hasPassed(run, ROLLBACK) && !hasDeployed(run))) return sinceMs
    if (result === 'fail' && hasDeployed(run)) sinceMs = run.endedMs
  }
  return sinceMs
}

function hasDeployed(run: RunDocument): boolean {
  const isObserved = run.origin?.['kind'] === ARGOCD_ORIGIN || run.source === ARGOCD_SOURCE
  return isObserved || hasPassed(run, DEPLOYMENT)
}

function hasPassed(run: RunDocument, task: string): boolean {
  return run.tasks.some(
    ({ name, outcome }) =>
      name === task && outcome !== undefined && isGood(resultWord(outcome.status, outcome.result)),
  )
}
