import { setTimeout as delay } from 'node:timers/promises'
import { stringify } from 'yaml'
import { ServerUnreachableError } from '../client/errors.ts'
import { followEvents } from '../client/event-stream.ts'
import { type Event, listEvents, listOpenTriggered } from '../client/events.ts'
import type { HttpClient } from '../client/http-client.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printLine, printNote } from '../output/print.ts'
import { table } from '../output/table.ts'
import { formatTime } from '../output/time.ts'

type Options = GlobalOptions & {
  readonly project?: string
  readonly keptnContext?: string
  readonly stage?: string
  readonly service?: string
  readonly pageSize: number
  readonly numOfPages: number
  readonly watch?: boolean
  readonly watchTime: number
  readonly output?: DataFormat | 'text'
}

const POLL_EVERY_MS = 2_000
const OPEN_APPROVALS = 'approval.triggered'
const EVENT_PREFIX = 'sh.keptn.event'

/** Keptn printed events as JSON, and scripts that read them from a pipe still get that. People at a terminal get lines. */
function formatOf({ output }: Options): DataFormat | undefined {
  if (output === 'text') return undefined
  return output ?? (process.stdout.isTTY ? undefined : 'json')
}

/**
 * Events, newest first; `approval.triggered` shows only the approvals that are still open, as Keptn's CLI does.
 */
export async function getEvents(
  options: Options,
  [type]: readonly string[],
): Promise<ExitCode | undefined> {
  if (options.project === undefined && options.keptnContext === undefined) {
    throw new CommandFailure('say which events: --project <name> or --keptn-context <id>')
  }
  const client = openClient(options)
  if (options.watch === true) return await watchEvents(client, options, type)
  printEvents(await fetchEvents(client, options, type), formatOf(options))
  return undefined
}

function printEvents(events: readonly Event[], output: DataFormat | undefined): void {
  // One event is printed as itself and several as a list: scripts of Keptn users rely on it.
  const data = events.length === 1 ? events[0] : events
  printData(data, output, () => (events.length === 0 ? 'No events.' : eventTable(events)))
}

async function fetchEvents(
  client: HttpClient,
  options: Options,
  type: string | undefined,
): Promise<Event[]> {
  const place = {
    ...(options.project === undefined ? {} : { project: options.project }),
    ...(options.stage === undefined ? {} : { stage: options.stage }),
    ...(options.service === undefined ? {} : { service: options.service }),
  }
  if (type !== undefined && type.replace(`${EVENT_PREFIX}.`, '') === OPEN_APPROVALS) {
    const open = await listOpenTriggered(client, `${EVENT_PREFIX}.${OPEN_APPROVALS}`, place)
    return open.filter((event) => isOfContext(event, options.keptnContext))
  }
  const filter = {
    ...place,
    ...(options.keptnContext === undefined ? {} : { keptnContext: options.keptnContext }),
    ...(type === undefined ? {} : { type: fullType(type) }),
  }
  const paging = { pageSize: options.pageSize, maxPages: options.numOfPages }
  return listEvents(client, filter, paging)
}

function isOfContext(event: Event, context: string | undefined): boolean {
  return context === undefined || event['shkeptncontext'] === context
}

/** `evaluation.finished` is short for the whole type. */
function fullType(type: string): string {
  return type.startsWith('sh.keptn.') || type.startsWith('dev.tiphys.')
    ? type
    : `${EVENT_PREFIX}.${type}`
}

function eventTable(events: readonly Event[]): string {
  return table(
    ['TIME', 'TYPE', 'RESULT', 'STAGE', 'SERVICE', 'CONTEXT'],
    events.map((event) => [
      formatTime(new Date(event.time)),
      event.type.replace(`${EVENT_PREFIX}.`, ''),
      text(event.data['result']),
      text(event.data['stage']),
      text(event.data['service']),
      text(event['shkeptncontext']),
    ]),
  )
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Prints each event once as it comes, oldest first, until the time is over or the person ends it. */
async function watchEvents(
  client: HttpClient,
  options: Options,
  type: string | undefined,
): Promise<undefined> {
  const over = AbortSignal.timeout(options.watchTime)
  const printed = new Set<string>()
  const print = (events: readonly Event[]) => {
    for (const event of events) {
      if (!printed.has(event.id)) printWatched(event, formatOf(options))
      printed.add(event.id)
    }
  }
  const isStreamed = await streamEvents(client, options, type, { over, print })
  while (!isStreamed && !over.aborted) {
    const events = await fetchEvents(client, options, type).catch((error: unknown) => {
      // A restart of the server ends nothing: it is asked again.
      if (!(error instanceof ServerUnreachableError)) throw error
      printNote(`${error.message}; still trying`)
      return []
    })
    print(events.toReversed())
    await delay(POLL_EVERY_MS, undefined, { signal: over }).catch(() => undefined)
  }
}

type Watching = { readonly over: AbortSignal; print(events: readonly Event[]): void }

/** False: this server has no streams, or no room for one more. */
async function streamEvents(
  client: HttpClient,
  options: Options,
  type: string | undefined,
  { over, print }: Watching,
): Promise<boolean> {
  const request = { ...streamOf(options, type), signal: over }
  let lastNote = ''
  let isFirst = true
  for await (const news of followEvents(client, request)) {
    if (news.code === 'unavailable') return false
    if (news.code === 'event') {
      if (isWanted(news.event, options, type)) print([news.event])
    } else if (news.code === 'away') {
      const note = `${news.message}; still trying`
      if (note !== lastNote) printNote(note)
      lastNote = note
    } else {
      lastNote = ''
      // What was before the stream is asked for once it is open: what comes meanwhile comes twice then, and none is missed.
      if (isFirst) print((await fetchEvents(client, options, type)).toReversed())
      isFirst = false
    }
  }
  return true
}

function streamOf({ project, keptnContext, stage, service }: Options, type: string | undefined) {
  if (keptnContext !== undefined) {
    const path = `/api/tiphys/v1/contexts/${encodeURIComponent(keptnContext)}/events/stream`
    return { path, query: { project, from: 'now' } }
  }
  const path = `/api/tiphys/v1/projects/${encodeURIComponent(project ?? '')}/events/stream`
  const whole = type === undefined ? undefined : fullType(type)
  return { path, query: { stage, service, type: whole } }
}

/** The stream of a context is not narrowed down by the server. */
function isWanted(event: Event, { stage, service }: Options, type: string | undefined): boolean {
  return (
    (type === undefined || event.type === fullType(type)) &&
    (stage === undefined || event.data['stage'] === stage) &&
    (service === undefined || event.data['service'] === service)
  )
}

function printWatched(event: Event, output: DataFormat | undefined): void {
  printLine(watchedText(event, output))
}

/** One line of JSON for each event, so that a program can read them as they come. */
function watchedText(event: Event, output: DataFormat | undefined): string {
  if (output === 'json') return JSON.stringify(event)
  if (output === 'yaml') return stringify([event]).trimEnd()
  const parts = [
    formatTime(new Date(event.time)),
    event.type.replace(`${EVENT_PREFIX}.`, ''),
    text(event.data['result']),
    text(event.data['stage']),
    text(event.data['service']),
  ]
  return parts.filter((part) => part !== '').join('  ')
}
