import type { Meter } from '../ports/meter.ts'
import type { Projections } from '../ports/projections.ts'
import type { CommitResult, CommitUnit, Store, StoredEvent } from '../ports/store.ts'

const MS_PER_SECOND = 1_000
const OUTCOMES = ['committed', 'conflict', 'repeat', 'failed']

export type StoreObservation = {
  readonly store: Store
  readonly meter: Meter
  /** Sees every committed row, in order. */
  readonly onCommitted: (rows: readonly StoredEvent[]) => void
  /** It threw: what was written stays written, and whoever wrote it is not told of a failure. */
  readonly onProblem: (error: unknown) => void
}

/** The same store, with every commit measured and every committed row shown. */
export function observedStore(parts: StoreObservation): Store {
  const { store, meter } = parts
  let together = 0
  for (const outcome of OUTCOMES) meter.touch('tiphys_commits_total', { outcome })
  return {
    ...store,
    async commit(unit: CommitUnit): Promise<CommitResult> {
      // What is handed in until the end of this turn shares a transaction (group commit).
      if (together++ === 0) {
        setImmediate(() => {
          meter.observe('tiphys_commit_group_units', together, {})
          together = 0
        })
      }
      const beganMs = performance.now()
      const result = await store.commit(unit).catch((error: unknown) => {
        meter.count('tiphys_commits_total', { outcome: 'failed' })
        throw error
      })
      const seconds = (performance.now() - beganMs) / MS_PER_SECOND
      meter.observe('tiphys_commit_duration_seconds', seconds, {})
      meter.count('tiphys_commits_total', { outcome: result.code })
      if (result.code === 'committed') show(parts, result.rows)
      return result
    },
  }
}

function show({ onCommitted, onProblem }: StoreObservation, rows: readonly StoredEvent[]): void {
  try {
    onCommitted(rows)
  } catch (error) {
    onProblem(error)
  }
}

/** The same projections, which remember how far they were folded. */
export function observedProjections<Kind extends Projections>(
  projections: Kind,
  store: Pick<Store, 'headPosition'>,
): Kind & { readonly foldedPosition: () => number } {
  let folded = 0
  return {
    ...projections,
    async catchUp() {
      const head = await store.headPosition()
      await projections.catchUp()
      folded = Math.max(folded, head)
    },
    foldedPosition: () => folded,
  }
}
