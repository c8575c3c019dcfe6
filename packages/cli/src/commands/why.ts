import { formatDuration } from '@tiphys/contract/duration.ts'
import type { ContextTimeline, Waiting } from '@tiphys/contract/http/native-run.ts'
import { readContext } from '../client/contexts.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import type { GlobalOptions } from '../lazy.ts'
import { type DataFormat, printData } from '../output/print.ts'
import { paintWord, type Terminal, terminalOf } from '../output/terminal.ts'
import { reasonOf } from '../wait/reason.ts'
import { oneLine, timelineLines } from '../wait/timeline.ts'
import { judge } from '../wait/verdict.ts'

type Options = GlobalOptions & { readonly project?: string; readonly output?: DataFormat }

/** What a context waits for; when it is over, how it ended and why. */
export async function why(
  options: Options,
  [context = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const timeline = await readContext(client, context, options.project)
  const waiting = [...timeline.runs.flatMap((run) => run.waiting), ...timeline.waiting]
  const judgement = judge(timeline.runs)
  const isDecided = !timeline.open || timeline.verdict !== undefined
  const reason = isDecided ? await reasonOf(client, judgement, timeline.runs) : undefined
  const data = { keptnContext: timeline.context, open: timeline.open, waiting }
  const verdict = timeline.verdict === undefined ? {} : { verdict: timeline.verdict, reason }
  printData({ ...data, ...verdict, runs: timeline.runs }, options.output, () =>
    whyText(timeline, reason, terminalOf(options)),
  )
  return undefined
}

function whyText(
  timeline: ContextTimeline,
  reason: string | undefined,
  terminal: Terminal,
): string {
  const nowMs = Date.now()
  const lines = timelineLines(
    timeline.runs.map((run) => ({ ...run, waiting: [] })),
    // Printed once, so nothing turns and nothing has to fit.
    { terminal: { ...terminal, live: false }, nowMs, tick: 0 },
  )
  const waits = [...timeline.runs.flatMap((run) => run.waiting), ...timeline.waiting].map((one) =>
    waitText(one, nowMs),
  )
  const verdict = timeline.verdict
  return [
    ...lines,
    ...(waits.length === 0 ? [] : ['', ...waits]),
    ...(timeline.open && waits.length === 0 ? ['', 'It waits for nothing: it is under way.'] : []),
    ...(verdict === undefined || reason === undefined
      ? []
      : [
          '',
          `${timeline.open ? 'so far ' : ''}${paintWord(terminal, wordOf(verdict))}: ${reason}`,
        ]),
  ].join('\n')
}

function wordOf(verdict: string): string {
  return verdict === 'none' ? 'no verdict' : verdict
}

/** What time itself resolves; everything else gives up. */
const ENDS_BY_TIME = ['delay', 'soak', 'retry', 'freeze']

function waitText(waiting: Waiting, nowMs: number): string {
  const what = ENDS_BY_TIME.includes(waiting.code) ? 'goes on' : 'gives up'
  const since = formatDuration(Math.max(0, nowMs - Date.parse(waiting.since)))
  const until =
    waiting.until === undefined
      ? 'it never gives up by itself'
      : `it ${what} in ${formatDuration(Math.max(0, Date.parse(waiting.until) - nowMs))}`
  return [
    `${waiting.stage} ${waiting.sequence}: ${oneLine(waiting.message)}`,
    `  since ${since}; ends by: ${oneLine(waiting.resolvedBy)}; ${until}`,
  ].join('\n')
}
