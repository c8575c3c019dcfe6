import { runStream } from '@tiphys/core/sequence/begin-run.ts'
import type { Engine } from '../engine/engine.ts'
import { JOIN_PREFIX } from '../engine/join-book.ts'
import type { Artifacts } from '../ports/artifacts.ts'
import type { Clock } from '../ports/clock.ts'
import type { Projections } from '../ports/projections.ts'
import type { Store, StoredEvent } from '../ports/store.ts'
import { findReference, type ReferenceDocument } from '../projections/references.ts'
import { RUNS } from '../projections/runs.ts'
import type { RunDocument } from '../projections/runs-document.ts'
import { forgetUnit } from './forget-rows.ts'
import type { ForgottenRecord } from './forgotten.ts'

export type ContextDeletionParts = {
  readonly store: Pick<Store, 'read' | 'forget' | 'query'>
  readonly projections: Projections
  readonly engine: Pick<Engine, 'openRunsOf'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly newId: () => string
  /** Logs and files of its runs go with it. */
  readonly artifacts?: Pick<Artifacts, 'forgetRuns'>
}

/** Deletes everything that happened under one context of a project, at once. */
export type DeleteContext = (wish: {
  readonly projectId: string
  readonly context: string
  readonly reason: ForgottenRecord['reason']
  readonly by: string
}) => Promise<ContextDeleted>

export type ContextDeleted =
  /** What was sent under the context and changed no run stays in the inbox until its retention is over. */
  | { readonly code: 'deleted'; readonly runs: number; readonly rows: number }
  | { readonly code: 'not-found' }
  /** Some of it goes on; no runs: a join of it waits for more. */
  | { readonly code: 'open'; readonly runs: number }
  /** An evaluation in it is what those of its place are compared with. */
  | { readonly code: 'pinned'; readonly reference: ReferenceDocument }

const RUNS_PAGE = 200
const ROWS_PAGE = 500

export function createContextDeletion(parts: ContextDeletionParts): DeleteContext {
  const { store, projections, engine, clock, newId } = parts

  async function runsOf(projectId: string, context: string): Promise<RunDocument[]> {
    const runs: RunDocument[] = []
    for (;;) {
      const page = { projectId, context, offset: runs.length, limit: RUNS_PAGE }
      const { documents } = await projections.list(RUNS, page)
      // Documents of this projection were made by its fold.
      runs.push(...(documents as unknown as RunDocument[]))
      if (documents.length < RUNS_PAGE) return runs
    }
  }

  return async ({ projectId, context, reason, by }) => {
    const openRuns = () => engine.openRunsOf(projectId, context).length
    if (openRuns() > 0) return { code: 'open', runs: openRuns() }
    await projections.catchUp()
    const runs = await runsOf(projectId, context)
    if (runs.length === 0) return { code: 'not-found' }
    const reference = await referenceAmong(projections, runs)
    if (reference !== undefined) return { code: 'pinned', reference }
    const streams = [
      ...runs.map(({ runId }) => runStream(projectId, runId)),
      ...(await joinsOf(store, projectId, context)),
    ]
    const rows: StoredEvent[] = []
    for (const stream of streams) rows.push(...(await store.read(stream)))
    const nowMs = clock.nowMs()
    const about = { id: newId(), nowMs, projectId, reason, by, context }
    const record = await forgetUnit(projections, rows, about)
    // From here to the call nothing may be waited for: a run that begins now is written after the deletion, and stays.
    if (openRuns() > 0) return { code: 'open', runs: openRuns() }
    const answer = await store.forget({ streams, record })
    if (answer.code === 'forgotten') {
      const runIds = runs.map(({ runId }) => runId)
      // What the disk keeps now is removed at the next start, as after a crash here.
      await parts.artifacts?.forgetRuns(projectId, runIds).catch(() => undefined)
      return { code: 'deleted', runs: runs.length, rows: answer.rows }
    }
    if (answer.code === 'open') return { code: 'open', runs: openRuns() }
    throw new Error(`a record without versions or keys was refused: ${answer.code}`)
  }
}

async function referenceAmong(
  projections: Pick<Projections, 'get'>,
  runs: readonly RunDocument[],
): Promise<ReferenceDocument | undefined> {
  for (const run of runs) {
    const reference = await findReference(projections, run)
    const isHere = run.tasks.some((task) => task.triggeredId === reference?.triggeredId)
    if (isHere) return reference
  }
  return undefined
}

/** Streams of joins, which say what came to them and no more: only their rows tell whose they are. */
async function joinsOf(
  store: Pick<Store, 'query'>,
  projectId: string,
  context: string,
): Promise<ReadonlySet<string>> {
  const streams = new Set<string>()
  for (let offset = 0; ; offset += ROWS_PAGE) {
    const query = { projectId, context, keptnOnly: false, offset, limit: ROWS_PAGE }
    const { events } = await store.query(query)
    for (const { stream } of events) if (stream.startsWith(JOIN_PREFIX)) streams.add(stream)
    if (events.length < ROWS_PAGE) return streams
  }
}
