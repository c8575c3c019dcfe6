import { formatDuration } from '@tiphys/contract/duration.ts'
import type { ContextTimeline, Verdict } from '@tiphys/contract/http/native-run.ts'
import { readContext } from '../client/contexts.ts'
import { ServerRefusedError, ServerUnreachableError } from '../client/errors.ts'
import type { HttpClient } from '../client/http-client.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type DataFormat, printData, printNote } from '../output/print.ts'
import { type Paint, paint, terminalOf } from '../output/terminal.ts'
import { followContext, type News } from './news.ts'
import { createProgress, type Progress } from './progress.ts'
import { reasonOf } from './reason.ts'
import { exitCodeOf, judge, runsInScope } from './verdict.ts'

export type WaitRequest = {
  readonly context: string
  readonly target: {
    readonly project: string
    readonly stage: string
    readonly service: string
    readonly sequence: string
  }
  /** Every run of the context, or only the one that was triggered. */
  readonly scope: 'context' | 'sequence'
  readonly timeoutMs: number
  readonly failOn: 'fail' | 'warning'
  readonly output?: DataFormat | undefined
  readonly flags: { readonly color?: boolean; readonly quiet?: boolean }
}

/** A context that was accepted and is not shown for so long will not come. */
const UNKNOWN_LIMIT_MS = 15_000
const NOT_FOUND = 404
const SERVER_ERROR = 500
const TOO_MANY_REQUESTS = 429

/**
 * Watches a context until every run in scope has ended, shows how it goes, and turns the verdict into an exit code. Its stream of events
 * says when to look; each look decides by itself. A server that is away is asked again until the time is over; Ctrl-C ends the watching and not the sequence.
 */
export async function waitForVerdict(client: HttpClient, request: WaitRequest): Promise<ExitCode> {
  const sink = request.flags.quiet === true ? { write: () => true } : process.stderr
  const progress = createProgress(terminalOf(request.flags, process.stderr), sink)
  const news = followContext(client, request.context, request.target.project)
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort()
  process.on('SIGINT', onInterrupt)
  try {
    const watched = await watch(client, request, { progress, news, signal: interrupt.signal })
    progress.close()
    return await conclude(client, request, watched)
  } finally {
    news.close()
    progress.close()
    process.off('SIGINT', onInterrupt)
  }
}

type Watched =
  | { readonly code: 'ended'; readonly timeline: ContextTimeline }
  | { readonly code: 'timed-out' | 'interrupted'; readonly timeline: ContextTimeline | undefined }

type Watching = {
  readonly progress: Progress
  readonly news: News
  readonly signal: AbortSignal
}

async function watch(
  client: HttpClient,
  request: WaitRequest,
  { progress, news, signal }: Watching,
): Promise<Watched> {
  const startedMs = Date.now()
  let timeline: ContextTimeline | undefined
  while (!signal.aborted) {
    const seen = await look(client, request, { signal, startedMs })
    if (signal.aborted) break
    if (typeof seen === 'string') progress.note(seen)
    else {
      timeline = seen
      const runs = runsInScope(seen, request.scope, request.target)
      progress.show(runs)
      if (runs.length > 0 && runs.every((run) => !run.open)) return { code: 'ended', timeline }
    }
    const leftMs = request.timeoutMs - (Date.now() - startedMs)
    if (leftMs <= 0) return { code: 'timed-out', timeline }
    await news.wait(leftMs, signal)
  }
  return { code: 'interrupted', timeline }
}

/** The context, or why it cannot be seen right now. */
async function look(
  client: HttpClient,
  request: WaitRequest,
  { signal, startedMs }: { readonly signal: AbortSignal; readonly startedMs: number },
): Promise<ContextTimeline | string> {
  try {
    return await readContext(client, request.context, request.target.project, signal)
  } catch (error) {
    if (signal.aborted) return 'interrupted'
    const isNew = Date.now() - startedMs < UNKNOWN_LIMIT_MS
    if (error instanceof Error && isPassing(error, isNew)) return `${error.message}; still trying`
    throw error
  }
}

function isPassing(error: Error, isNew: boolean): boolean {
  if (error instanceof ServerUnreachableError) return true
  if (!(error instanceof ServerRefusedError)) return false
  if (error.status >= SERVER_ERROR || error.status === TOO_MANY_REQUESTS) return true
  return error.status === NOT_FOUND && isNew
}

async function conclude(
  client: HttpClient,
  request: WaitRequest,
  { code, timeline }: Watched,
): Promise<ExitCode> {
  const { context, target } = request
  const look = `tiphys why ${context}`
  if (code === 'interrupted') {
    const abort = `tiphys abort sequence --project ${target.project} --keptn-context ${context}`
    printNote(`Stopped watching; the sequence goes on. Look again: ${look}\nEnd it: ${abort}`)
    return EXIT.noVerdict
  }
  const runs = timeline === undefined ? [] : runsInScope(timeline, request.scope, target)
  if (code === 'timed-out') {
    const reason = `not over after ${formatDuration(request.timeoutMs)}; it goes on: ${look}`
    printConclusion(request, { verdict: 'none', reason, runs })
    return EXIT.noVerdict
  }
  const judgement = judge(runs)
  const reason = await reasonOf(client, judgement, runs)
  printConclusion(request, { verdict: judgement.verdict, reason, runs })
  return exitCodeOf(judgement.verdict, request.failOn)
}

const SHOWN: Readonly<Record<Verdict, readonly [string, Paint]>> = {
  pass: ['pass', 'green'],
  warning: ['warning', 'yellow'],
  none: ['no verdict', 'red'],
  fail: ['fail', 'red'],
}

function printConclusion(
  request: WaitRequest,
  conclusion: {
    readonly verdict: Verdict
    readonly reason: string
    readonly runs: readonly unknown[]
  },
): void {
  const { verdict, reason } = conclusion
  const terminal = terminalOf(request.flags)
  const [word, format] = SHOWN[verdict]
  printData({ keptnContext: request.context, ...conclusion }, request.output, () =>
    [`${paint(terminal, format, word)}: ${reason}`, `context: ${request.context}`].join('\n'),
  )
}
