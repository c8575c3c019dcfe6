import type { SqliteFile } from './sqlite-file.ts'

/** Pages moved in one transaction: 1 MB, some milliseconds. */
const PAGES_PER_STEP = 256

/** Moves pages from the end of the file into holes and cuts the end off. False when there are no holes, or the file cannot shrink. */
export function releaseSpace(file: SqliteFile): boolean {
  const before = freePages(file)
  if (before === 0) return false
  file.exec(`PRAGMA incremental_vacuum(${PAGES_PER_STEP})`)
  const after = freePages(file)
  return after > 0 && after < before
}

function freePages(file: SqliteFile): number {
  return (
    file.statement<{ freelist_count: number }>('PRAGMA freelist_count').get()?.freelist_count ?? 0
  )
}

/** Remembers where the log ends, so that its last rows are missed when they are gone. A full disk must not keep a store from closing. */
export function noteEnd(file: SqliteFile, headPosition: () => number): void {
  try {
    const head = headPosition()
    file.transaction(() =>
      file.statement('UPDATE log_floor SET position = ? WHERE position < ?').run(head, head),
    )
  } catch {
    // What is written stays; only its very last rows could be cut off unnoticed.
  }
}
