import { createInterface } from 'node:readline/promises'
import { CommandFailure } from './failure.ts'
import type { GlobalOptions } from './lazy.ts'

/**
 * Asks before something is deleted, where a person sits at the terminal. Scripts are not asked: Keptn's CLI never did, and a script
 * that hangs at a question helps nobody.
 */
export async function confirmDeletion(what: string, options: GlobalOptions): Promise<void> {
  if (options.yes === true || !process.stdin.isTTY || !process.stderr.isTTY) return
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`Delete ${what}? This cannot be undone. [y/N] `)
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandFailure('nothing was deleted')
}
