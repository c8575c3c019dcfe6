import { sendEvent as postEvent } from '../client/events.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { readText } from '../input-file.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'

type Options = GlobalOptions & { readonly file?: string; readonly output?: DataFormat }

/** Sends a CloudEvent from a file as it is; prints the keptn context it got. */
export async function sendEvent(
  options: Options,
  args: readonly string[],
): Promise<ExitCode | undefined> {
  const [extra] = args
  if (extra !== undefined) {
    throw new CommandFailure(
      `unknown event ${extra}; send any event with --file <path>, or approval.finished`,
    )
  }
  if (options.file === undefined)
    throw new CommandFailure('an event is needed: --file <path>, or - for standard input')
  const event = parseEvent(await readText(options.file), options.file)
  const context = await postEvent(openClient(options), event)
  printData({ keptnContext: context }, options.output, context)
  return undefined
}

function parseEvent(text: string, file: string): Record<string, unknown> {
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch (error) {
    throw new CommandFailure(`${file} is not JSON: ${(error as Error).message}`)
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw new CommandFailure(
      `${file} holds no event: a JSON object with type, source and data is expected`,
    )
  }
  return event as Record<string, unknown>
}
