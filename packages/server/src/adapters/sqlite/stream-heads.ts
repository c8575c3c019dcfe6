import { firstHash } from './hash-chain.ts'
import type { SqliteFile } from './sqlite-file.ts'

/** Where a stream ends: what a write is checked against, without asking the disk each time. */
export type StreamHead = {
  readonly id: number
  readonly project: number | null
  isOpen: boolean
  version: number
  /** Hex. */
  hash: string
}

export type StreamHeads = {
  find(stream: string): StreamHead | undefined
  /** Only within a transaction. */
  create(stream: string, project: number | null, isOpen: boolean): StreamHead
  setOpen(head: StreamHead, isOpen: boolean): void
  /** The stream was deleted. */
  drop(stream: string): void
  /** After a rollback or a deletion: what memory says may be wrong. */
  forget(): void
}

/** About 5 MB. The oldest entry leaves first; it is read again when it is needed. */
const MAX_CACHED = 20_000

type StreamRow = { id: number; project: number | null; is_open: number }
type EndRow = { version: number; hash: Uint8Array }

export function createStreamHeads(file: SqliteFile): StreamHeads {
  const heads = new Map<string, StreamHead>()
  const select = file.statement<StreamRow>(
    'SELECT id, project, is_open FROM streams WHERE name = ?',
  )
  const selectEnd = file.statement<EndRow>(
    'SELECT version, hash FROM events WHERE stream = ? ORDER BY version DESC LIMIT 1',
  )
  const selectBase = file.statement<EndRow>(
    'SELECT version, hash FROM stream_bases WHERE stream = ?',
  )
  const insert = file.statement(
    'INSERT INTO streams (id, name, project, is_open) VALUES (?, ?, ?, ?)',
  )
  const update = file.statement('UPDATE streams SET is_open = ? WHERE id = ?')
  const maxId = file.statement<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM streams')
  let lastId: number | undefined

  function remember(stream: string, head: StreamHead): StreamHead {
    if (heads.size >= MAX_CACHED) {
      const [oldest] = heads.keys()
      if (oldest !== undefined) heads.delete(oldest)
    }
    heads.set(stream, head)
    return head
  }

  return {
    find(stream) {
      const known = heads.get(stream)
      if (known !== undefined) return known
      const row = select.get(stream)
      if (row === undefined) return undefined
      // Every row of it may have been cut off.
      const end = selectEnd.get(row.id) ?? selectBase.get(row.id)
      return remember(stream, {
        id: row.id,
        project: row.project,
        isOpen: row.is_open === 1,
        version: end?.version ?? 0,
        hash: end === undefined ? firstHash(stream) : Buffer.from(end.hash).toString('hex'),
      })
    },
    create(stream, project, isOpen) {
      lastId ??= maxId.get()?.id ?? 0
      lastId += 1
      insert.run(lastId, stream, project, isOpen ? 1 : 0)
      const hash = firstHash(stream)
      return remember(stream, { id: lastId, project, isOpen, version: 0, hash })
    },
    setOpen(head, isOpen) {
      if (head.isOpen === isOpen) return
      update.run(isOpen ? 1 : 0, head.id)
      head.isOpen = isOpen
    },
    drop(stream) {
      heads.delete(stream)
    },
    forget() {
      heads.clear()
      lastId = undefined
    },
  }
}
