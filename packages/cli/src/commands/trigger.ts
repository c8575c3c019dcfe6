import { type Event, sendEvent, triggerEvaluation } from '../client/events.ts'
import type { HttpClient } from '../client/http-client.ts'
import { openClient } from '../connection/open-client.ts'
import { pairOf } from '../declare/flags.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { waitForVerdict } from '../wait/wait.ts'
import { resolveTarget, type Target } from './target.ts'

export type TriggerOptions = FollowOptions & {
  readonly project: string
  readonly service: string
  readonly stage?: string
  readonly labels: Readonly<Record<string, string>>
}

/** Whether to wait, and what the exit code says. */
export type FollowOptions = GlobalOptions & {
  readonly output?: DataFormat
  /** true: every run of the context; `sequence`: the one triggered. */
  readonly wait?: true | 'context' | 'sequence'
  /** Keptn's flag: follow, and say nothing by the exit code. */
  readonly watch?: boolean
  /** Milliseconds; Keptn's word for `timeout`. */
  readonly watchTime?: number
  /** Milliseconds. */
  readonly timeout: number
  readonly failOn: 'fail' | 'warning'
}

/** Values that tell the server and other tools where an event came from, as Keptn's CLI writes them. */
const SOURCE = 'https://github.com/keptn/keptn/cli'

type DeliveryOptions = TriggerOptions & {
  readonly image: string
  readonly sequence: string
  readonly values: readonly string[]
}

export async function triggerDelivery(options: DeliveryOptions): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const { project, service, sequence } = options
  const target = await resolveTarget(client, { project, service, sequence, ...stageOf(options) })
  const values = { ...nested(options.values), image: options.image }
  const context = await sendTrigger(client, target, {
    source: `${SOURCE}#configuration-change`,
    labels: options.labels,
    data: { configurationChange: { values } },
  })
  return follow(client, options, target, context)
}

export async function triggerSequence(
  options: TriggerOptions & { readonly data: readonly string[] },
  [sequence = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const { project, service } = options
  const target = await resolveTarget(client, { project, service, sequence, ...stageOf(options) })
  const context = await sendTrigger(client, target, {
    source: SOURCE,
    labels: options.labels,
    data: nested(options.data),
  })
  return follow(client, options, target, context)
}

type EvaluationOptions = TriggerOptions & {
  readonly timeframe?: string
  readonly start?: string
  readonly end?: string
  readonly gitCommitId?: string
}

export async function triggerEvaluationOf(
  options: EvaluationOptions,
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const { project, service, start, end, timeframe, gitCommitId, labels } = options
  const wanted = { project, service, sequence: 'evaluation', ...stageOf(options) }
  const target = await resolveTarget(client, wanted)
  const context = await triggerEvaluation(client, {
    project,
    stage: target.stage,
    service,
    labels,
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
    ...(timeframe === undefined ? {} : { timeframe }),
    ...(gitCommitId === undefined ? {} : { gitCommitId }),
  })
  return follow(client, options, target, context)
}

function stageOf(options: TriggerOptions): { readonly stage?: string } {
  return options.stage === undefined ? {} : { stage: options.stage }
}

function sendTrigger(
  client: HttpClient,
  target: Target,
  event: {
    readonly source: string
    readonly labels: Readonly<Record<string, string>>
    readonly data: Readonly<Record<string, unknown>>
  },
): Promise<string> {
  const { project, stage, service, sequence } = target
  return sendEvent(client, {
    specversion: '1.0',
    contenttype: 'application/json',
    type: `sh.keptn.event.${stage}.${sequence}.triggered`,
    source: event.source,
    data: { ...event.data, project, stage, service, labels: event.labels },
  } satisfies Omit<Event, 'id' | 'time'>)
}

/** Prints the context; with `--wait` shows what happens and turns the verdict into the exit code. */
export async function follow(
  client: HttpClient,
  options: FollowOptions,
  target: Target,
  context: string,
  done = 'Triggered',
): Promise<ExitCode | undefined> {
  const isWaiting = options.wait !== undefined || options.watch === true
  if (!isWaiting) {
    printData({ keptnContext: context, ...target }, options.output, context)
    if (options.output === undefined && options.quiet !== true) {
      printNote(`${done} ${target.sequence} in ${target.stage}; see: tiphys why ${context}`)
    }
    return undefined
  }
  // Whoever is asked for an approval meanwhile needs it.
  if (options.quiet !== true) {
    printNote(`${done} ${target.sequence} in ${target.stage}: ${context}`)
  }
  const code = await waitForVerdict(client, {
    context,
    target,
    scope: options.wait === 'sequence' ? 'sequence' : 'context',
    timeoutMs: options.watchTime ?? options.timeout,
    failOn: options.failOn,
    flags: options,
    ...(options.output === undefined ? {} : { output: options.output }),
  })
  return options.wait === undefined ? EXIT.pass : code
}

/** `image.tag=1.4` becomes {image: {tag: '1.4'}}; of two that collide the last one counts. */
export function nested(pairs: readonly string[]): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [path, value] of pairs.map(pairOf)) {
    const keys = path.split('.')
    const last = keys.pop() ?? path
    let place = root
    for (const key of keys) {
      const next = Object.hasOwn(place, key) ? place[key] : undefined
      const map = typeof next === 'object' && next !== null ? { ...next } : {}
      define(place, key, map)
      place = map as Record<string, unknown>
    }
    define(place, last, value)
  }
  return root
}

/** Also for the key `__proto__`, which an assignment would take for something else. */
function define(place: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(place, key, { value, enumerable: true, writable: true, configurable: true })
}
