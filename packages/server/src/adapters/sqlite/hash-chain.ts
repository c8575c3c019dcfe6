import { hash } from 'node:crypto'

/**
 * Per stream, each row carries SHA-256(hash of the row before, stored bytes); the first one follows on SHA-256(name of the stream).
 * JSON text has no line break in it, so the parts cannot run into each other. The position is not among them: a log that
 * is carried into another store keeps its chains.
 */
export type HashedRow = {
  readonly v: number
  readonly timeMs: number
  readonly projectId: string | undefined
  readonly body: string
  /** SHA-256 of data that is stored apart, hex. */
  readonly dataHash: string | undefined
  readonly meta: string | undefined
}

/** Hex. */
export function firstHash(stream: string): string {
  return hash('sha256', stream, 'hex')
}

export function nextHash(previous: string, row: HashedRow): string {
  const { v, timeMs, projectId, body, dataHash, meta } = row
  const facts = `${previous}\n${v}\n${timeMs}\n${projectId ?? ''}\n${dataHash ?? ''}\n`
  return hash('sha256', `${facts}${body}\n${meta ?? ''}`, 'hex')
}
