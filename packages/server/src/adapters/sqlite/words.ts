import type { SqliteFile } from './sqlite-file.ts'

/** Numbers for texts that come again and again: a row gets shorter by a tenth, its indexes by two thirds. */
export type Words = {
  /** The number of a text; makes one when it is new, so only within a transaction. */
  idOf(text: string): number
  idOfOptional(text: string | undefined): number | null
  find(text: string): number | undefined
  textOf(id: number): string
  /** After a rollback: numbers that were made in it do not exist. */
  forget(): void
}

/** `source` is what clients like to send, so the cache has a bound; ten thousand services fit well below it. */
const MAX_CACHED = 30_000

export function createWords(file: SqliteFile): Words {
  const ids = new Map<string, number>()
  const texts = new Map<number, string>()
  const select = file.statement<{ id: number }>('SELECT id FROM words WHERE text = ?')
  const insert = file.statement<{ id: number }>('INSERT INTO words (text) VALUES (?) RETURNING id')
  const selectText = file.statement<{ text: string }>('SELECT text FROM words WHERE id = ?')

  function remember(text: string, id: number): number {
    if (ids.size >= MAX_CACHED) forget()
    ids.set(text, id)
    texts.set(id, text)
    return id
  }

  function forget(): void {
    ids.clear()
    texts.clear()
  }

  function find(text: string): number | undefined {
    const known = ids.get(text)
    if (known !== undefined) return known
    const stored = select.get(text)?.id
    return stored === undefined ? undefined : remember(text, stored)
  }

  function idOf(text: string): number {
    const known = find(text)
    if (known !== undefined) return known
    const made = insert.get(text)?.id
    if (made === undefined) throw new Error('INSERT … RETURNING answered with no row')
    return remember(text, made)
  }

  return {
    idOf,
    idOfOptional: (text) => (text === undefined ? null : idOf(text)),
    find,
    textOf(id) {
      const known = texts.get(id)
      if (known !== undefined) return known
      const stored = selectText.get(id)?.text
      if (stored === undefined) throw new Error(`word ${id} is missing: the log file is damaged`)
      remember(stored, id)
      return stored
    },
    forget,
  }
}
