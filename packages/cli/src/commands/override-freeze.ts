import { overrideFreezeOf } from '../client/contexts.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printNote } from '../output/print.ts'

type Options = GlobalOptions & {
  readonly project?: string
  readonly stage?: string
  readonly reason: string
}

/** Lets a sequence go on that a freeze holds. */
export async function overrideFreeze(
  options: Options,
  [context = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const { project, stage, reason } = options
  const { runs } = await overrideFreezeOf(openClient(options), context, {
    reason,
    ...(project === undefined ? {} : { project }),
    ...(stage === undefined ? {} : { stage }),
  })
  if (runs === 0) {
    throw new CommandFailure(`no open run of ${context} is left that a freeze could hold`)
  }
  printNote(`${runs === 1 ? 'One run' : `${runs} runs`} of ${context} no longer wait for a freeze.`)
  return undefined
}
