import { ServerRefusedError } from '../client/errors.ts'
import type { HttpClient } from '../client/http-client.ts'
import { controlSequence, listSequences } from '../client/sequences.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { printNote } from '../output/print.ts'

type Options = GlobalOptions & {
  readonly keptnContext: string
  readonly project: string
  readonly stage?: string
}

const DONE = {
  pause: 'paused; a task under way may finish',
  resume: 'goes on',
  abort: 'aborted; nothing more is triggered',
} as const

export function pauseSequence(options: Options): Promise<ExitCode | undefined> {
  return control(options, 'pause')
}

export function resumeSequence(options: Options): Promise<ExitCode | undefined> {
  return control(options, 'resume')
}

export function abortSequence(options: Options): Promise<ExitCode | undefined> {
  return control(options, 'abort')
}

async function control(options: Options, action: keyof typeof DONE): Promise<ExitCode | undefined> {
  const { project, keptnContext, stage } = options
  const client = openClient(options)
  await checkContext(client, project, keptnContext)
  await controlSequence(client, {
    project,
    context: keptnContext,
    action,
    ...(stage === undefined ? {} : { stage }),
  })
  const where = stage === undefined ? '' : ` in stage ${stage}`
  printNote(`Sequence ${keptnContext}${where} ${DONE[action]}.`)
  return undefined
}

const FORBIDDEN = 403

/** The server takes an unknown context and does nothing, as Keptn did; a person wants to know. */
async function checkContext(client: HttpClient, project: string, context: string): Promise<void> {
  try {
    const [found] = await listSequences(client, project, { keptnContext: context }, 1)
    if (found === undefined) {
      throw new CommandFailure(`project ${project} has no sequence with the context ${context}`)
    }
  } catch (error) {
    // A token that may trigger and not read.
    if (!(error instanceof ServerRefusedError) || error.status !== FORBIDDEN) throw error
  }
}
