import { confirmDeletion } from '../ask.ts'
import { deleteContext } from '../client/context-deletion.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'

type Options = GlobalOptions & { readonly project?: string; readonly output?: DataFormat }

/** Deletes everything that happened under a context that is over. */
export async function removeContext(
  options: Options,
  [context = '']: readonly string[],
): Promise<ExitCode | undefined> {
  await confirmDeletion(`everything that happened under the context ${context}`, options)
  const { project } = options
  const deleted = await deleteContext(openClient(options), { context, project })
  printData(deleted, options.output, () => {
    const { runs, rows } = deleted
    return `Deleted from project ${deleted.project}: ${runs} run(s) with ${rows} event(s).`
  })
  return undefined
}
