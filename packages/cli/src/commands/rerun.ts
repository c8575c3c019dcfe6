import type { Run } from '@tiphys/contract/http/native-run.ts'
import { readContext, rerunRun } from '../client/contexts.ts'
import { openClient } from '../connection/open-client.ts'
import type { ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { type FollowOptions, follow } from './trigger.ts'

type Options = FollowOptions & {
  readonly project?: string
  readonly stage?: string
  readonly run?: string
  readonly from?: string
  readonly force?: boolean
}

/** Takes up the run of a context that failed. */
export async function rerun(
  options: Options,
  [context = '']: readonly string[],
): Promise<ExitCode | undefined> {
  const client = openClient(options)
  const timeline = await readContext(client, context, options.project)
  const run = chosenRun(timeline.runs, options)
  const { from, force } = options
  const wish = {
    ...(from === undefined ? {} : { from }),
    ...(force === undefined ? {} : { force }),
  }
  await rerunRun(client, run.id, wish)
  const { project, stage, service, sequence } = run
  return follow(client, options, { project, stage, service, sequence }, timeline.context, 'Took up')
}

/** The one that failed last in its place and was not taken up since. */
function chosenRun(runs: readonly Run[], { run, stage, from }: Options): Run {
  if (run !== undefined) {
    const named = runs.find((one) => one.id === run)
    if (named === undefined) throw new CommandFailure(`the context has no run ${run}`)
    return named
  }
  const takenUp = new Set(runs.map((one) => one.rerun?.of))
  const over = runs
    .filter((one) => !one.open && !takenUp.has(one.id))
    .filter((one) => stage === undefined || one.stage === stage)
  const candidates = over.filter((one) => from !== undefined || hasFailed(one))
  const [first, ...others] = candidates
  if (first === undefined) {
    const where = stage === undefined ? '' : ` in stage ${stage}`
    throw new CommandFailure(
      `nothing of this context failed${where}; name a task with --from to repeat what passed`,
    )
  }
  if (others.length > 0) {
    const names = candidates.map((one) => `${one.stage}.${one.sequence} (--run ${one.id})`)
    throw new CommandFailure(`several runs of this context could be meant: ${names.join(', ')}`)
  }
  return first
}

function hasFailed(run: Run): boolean {
  return run.status !== 'succeeded' || run.result === 'fail'
}
