import type { Backups } from '../operations/backups.ts'

/** What operators do with a server that runs. */
export type OperationsPart = {
  readonly backups: Backups
}
