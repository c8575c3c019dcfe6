import type { Meter } from '../ports/meter.ts'
import type { Projections } from '../ports/projections.ts'
import type { CommitResult, CommitUnit, Store, StoredEvent } from '../ports/store.ts'

const MS_PER_SECOND = 1_000
const OUTCOMES = ['committed', 'conflict', 'repeat', 'failed']

/** The same store, with every commit measured and every committed row shown to `onCommitted`, in order. */
export function observedStore(
  store: Store,
  meter: Meter,
  onCommitted: (rows: readonly StoredEvent[]) => void,
): Store {
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
      try {
        const result = await store.commit(unit)
        const seconds = (performance.now() - beganMs) / MS_PER_SECOND
        meter.observe('tiphys_commit_duration_seconds', seconds, {})
        meter.count('tiphys_commits_total', { outcome: result.code })
        if (result.code === 'committed') onCommitted(result.rows)
        return result
      } catch (error) {
        meter.count('tiphys_commits_total', { outcome: 'failed' })
        throw error
      }
    },
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
