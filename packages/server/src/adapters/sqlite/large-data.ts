import { hash } from 'node:crypto'
import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { SerialisedEvent } from '../event-log/serialise.ts'
import type { SqliteFile } from './sqlite-file.ts'

/**
 * Event data over 256 KB is stored once by its hash: results that travel along from task to task would otherwise be written again with
 * each of them. The envelope stays in the row, with `data` empty, so that ids can be compared there.
 */
export const LARGE_BODY_CHARACTERS = 256 * 1024

export type SplitBody = {
  readonly body: string
  readonly data?: { readonly hash: string; readonly text: string }
}

export function splitLargeData(event: KeptnEvent, text: SerialisedEvent): SplitBody {
  if (text.body.length <= LARGE_BODY_CHARACTERS) return { body: text.body }
  const data = JSON.stringify(event.data)
  return {
    body: JSON.stringify({ ...event, data: {} }),
    data: { hash: hash('sha256', data, 'hex'), text: data },
  }
}

export type LargeData = {
  /** Only within a transaction. */
  write(hash: Uint8Array, text: string): void
  read(hash: Uint8Array): string
  /** The whole event as text. */
  join(body: string, hash: Uint8Array): string
}

export function createLargeData(file: SqliteFile): LargeData {
  const insert = file.statement(
    'INSERT INTO large_data (hash, text) VALUES (?, ?) ON CONFLICT DO NOTHING',
  )
  const select = file.statement<{ text: string }>('SELECT text FROM large_data WHERE hash = ?')

  function read(hash: Uint8Array): string {
    const text = select.get(hash)?.text
    if (text !== undefined) return text
    const name = Buffer.from(hash).toString('hex')
    throw new Error(`event data ${name} is missing: the log file is damaged`)
  }

  return {
    write(hash, text) {
      insert.run(hash, text)
    },
    read,
    join(body, hash) {
      const event = JSON.parse(body) as KeptnEvent
      return JSON.stringify({ ...event, data: JSON.parse(read(hash)) })
    },
  }
}
