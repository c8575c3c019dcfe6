import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Projection, ProjectionError } from '../../ports/projections.ts'
import type { Store, StoredEvent } from '../../ports/store.ts'
import { createFoldBatch } from './fold-batch.ts'
import type { Anchor, Checkpoint, ProjectionStorage } from './projection-storage.ts'

export type FolderParts = {
  readonly store: Pick<Store, 'readLog' | 'headPosition' | 'query'>
  readonly projections: readonly Projection[]
  readonly storage: ProjectionStorage
  /** Rows of one transaction. A document that many of them touch is read and written once. */
  readonly batchRows?: number
}

/** Folds rows into stored documents and knows how far each projection is. Its calls must not overlap. */
export type LogFolder = {
  /** Forgets documents of other versions and of other logs. */
  checkStorage(): Promise<void>
  isBehind(head: number): boolean
  foldUpTo(head: number): Promise<void>
  rebuild(): Promise<void>
  forgetProject(projectId: string): Promise<void>
  /** Ends a long fold after the batch it is at. */
  stop(): void
}

/** A few milliseconds of folding, for who folds beside other work. */
const FEW_ROWS = 200

export function createLogFolder(parts: FolderParts): LogFolder {
  const { store, projections, storage, batchRows = FEW_ROWS } = parts
  let checkpoints = new Map<string, Checkpoint>()
  let isStopped = false

  function foldedPosition(): number {
    const positions = projections.map(({ name }) => checkpoints.get(name)?.position ?? 0)
    return Math.min(...positions)
  }

  async function foldUpTo(head: number): Promise<void> {
    while (foldedPosition() < head) {
      if (isStopped) throw new ProjectionError('the projections were closed before they caught up')
      const rows = await store.readLog(foldedPosition(), batchRows)
      // A page that is not full reaches the end: between its last row and the head there is none (they were deleted).
      const reached = rows.length < batchRows ? head : 0
      foldRows(rows, Math.max(reached, rows.at(-1)?.position ?? 0))
      if (foldedPosition() < head) await nextTurn()
    }
  }

  function foldRows(rows: readonly StoredEvent[], reached: number): void {
    const batch = createFoldBatch(storage.get)
    const last = rows.at(-1)
    const next = new Map<string, Checkpoint>()
    for (const projection of projections) {
      const before = checkpoints.get(projection.name)
      const from = before?.position ?? 0
      for (const row of rows) if (row.position > from) batch.fold(projection, row)
      const anchor = last !== undefined && last.position > from ? anchorOf(last) : before?.anchor
      const position = Math.max(from, reached)
      next.set(projection.name, { version: projection.version, position, anchor })
    }
    storage.write(batch.changes(), next)
    checkpoints = next
  }

  return {
    async checkStorage() {
      const stored = storage.checkpoints()
      const registered = new Set(projections.map(({ name }) => name))
      for (const name of stored.keys()) if (!registered.has(name)) storage.clear(name)
      const fitting = new Map<string, Checkpoint>()
      for (const { name, version } of projections) {
        const checkpoint = stored.get(name)
        const fits = checkpoint?.version === version && (await isOfThisLog(store, checkpoint))
        if (fits) fitting.set(name, checkpoint)
        else storage.clear(name)
      }
      checkpoints = fitting
    },
    isBehind: (head) => foldedPosition() < head,
    foldUpTo,
    async rebuild() {
      for (const { name } of projections) storage.clear(name)
      checkpoints = new Map()
      await foldUpTo(await store.headPosition())
    },
    async forgetProject(projectId) {
      await foldUpTo(await store.headPosition())
      // The row that the checkpoints were anchored to may be gone with the project.
      const newest = await newestRow(store)
      storage.deleteProject(projectId)
      const anchor = newest === undefined ? undefined : anchorOf(newest)
      const moved = [...checkpoints].map(([name, one]) => [name, { ...one, anchor }] as const)
      checkpoints = new Map(moved)
      storage.write([], checkpoints)
    },
    stop() {
      isStopped = true
    },
  }
}

function anchorOf(row: StoredEvent): Anchor {
  return { position: row.position, eventId: row.event.id }
}

async function isOfThisLog(
  store: FolderParts['store'],
  { position, anchor }: Checkpoint,
): Promise<boolean> {
  if (position > (await store.headPosition())) return false
  if (anchor === undefined) return true
  const [row] = await store.readLog(anchor.position - 1, 1)
  return row?.position === anchor.position && row.event.id === anchor.eventId
}

async function newestRow(store: FolderParts['store']): Promise<StoredEvent | undefined> {
  const { events } = await store.query({ keptnOnly: false, offset: 0, limit: 1 })
  return events[0]
}
