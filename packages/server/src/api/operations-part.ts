import type { Backups } from '../operations/backups.ts'
import type { DeleteContext } from '../operations/delete-context.ts'

/** What operators do with a server that runs. */
export type OperationsPart = {
  readonly backups: Backups
  readonly deleteContext: DeleteContext
}
