import { setTimeout as delay } from 'node:timers/promises'
import { type ContextTimeline, type Run, RunPage } from '@tiphys/contract/http/native-run.ts'
import { readContext } from '../client/contexts.ts'
import { sendEvent } from '../client/events.ts'
import type { Terminal } from '../output/terminal.ts'
import { createProgress } from '../wait/progress.ts'
import { reasonOf } from '../wait/reason.ts'
import { judge } from '../wait/verdict.ts'
import type { Narrator } from './narrator.ts'
import { PROJECT, SERVICE, type StageSet } from './stage-set.ts'

/** One thing that the demo promises, and whether it happened. */
export type PromiseKept = {
  readonly promise: string
  readonly kept: boolean
  readonly detail: string
}

export type Story = {
  readonly promises: readonly PromiseKept[]
  readonly reason: string
  readonly contexts: readonly string[]
}

const POLL_MS = 200
/** Far longer than any act takes; a demo that hangs says so. */
const ACT_TIMEOUT_MS = 90_000

const GOOD = '1.1.0'
export const SLOW = '1.2.0-slow'
const PUSHED = '1.3.0'

/**
 * Three acts. Nothing here decides a verdict: the versions differ only in how the sample service really behaves, and what is checked at
 * the end of each act is what Git, Argo CD and Tiphys then say.
 */
export async function playDemo(
  set: StageSet,
  narrator: Narrator,
  terminal: Terminal,
): Promise<Story> {
  const theatre = { set, narrator, terminal }
  const first = await goodVersion(theatre)
  const second = await slowVersion(theatre)
  const third = await straightToGit(theatre)
  return {
    promises: [...first.promises, ...second.promises, ...third.promises],
    reason: second.reason,
    contexts: [first.context, second.context, third.context],
  }
}

type Theatre = { readonly set: StageSet; readonly narrator: Narrator; readonly terminal: Terminal }
type Act = {
  readonly context: string
  readonly promises: readonly PromiseKept[]
  readonly reason: string
}

async function goodVersion(theatre: Theatre): Promise<Act> {
  const { set, narrator } = theatre
  narrator.act(
    1,
    `A good version, ${GOOD}, goes out`,
    'Tiphys commits it to Git, waits for Argo CD, tests it, judges it, promotes it.',
  )
  const context = await trigger(set, GOOD)
  const seen = await watch(theatre, context)
  const staging = runOf(seen, 'staging', 'delivery')
  const production = runOf(seen, 'production', 'delivery')
  const inGit = await set.gitops.tagOf('production')
  const reason = await reasonOf(set.client, judge(seen.runs), seen.runs)
  narrator.say(reason)
  return {
    context,
    reason,
    promises: [
      promise('the good version passes staging', staging?.result === 'pass', said(staging)),
      promise(
        'and is promoted to production',
        production?.result === 'pass' && inGit === GOOD,
        said(production),
      ),
    ],
  }
}

async function slowVersion(theatre: Theatre): Promise<Act> {
  const { set, narrator } = theatre
  narrator.act(
    2,
    `A slow version, ${SLOW}, goes out`,
    'It answers, but takes its time. Its SLO will not hold.',
  )
  const context = await trigger(set, SLOW)
  const seen = await watch(theatre, context)
  const judgement = judge(seen.runs)
  const reason = await reasonOf(set.client, judgement, seen.runs)
  narrator.say(reason)
  const delivery = runOf(seen, 'staging', 'delivery')
  const rollback = runOf(seen, 'staging', 'rollback')
  const evaluation = delivery?.tasks.find((task) => task.name === 'evaluation')
  const [newest = ''] = await set.gitops.log()
  const [staging, production] = await Promise.all([
    set.gitops.tagOf('staging'),
    set.gitops.tagOf('production'),
  ])
  narrator.say(`Git says: ${newest}`)
  return {
    context,
    reason,
    promises: [
      promise(
        'the slow version fails its SLO in staging',
        evaluation?.result === 'fail',
        said(delivery),
      ),
      promise(
        'one commit puts the good version back',
        rollback?.result === 'pass' && staging === GOOD,
        newest,
      ),
      promise(
        'production never sees it',
        production === GOOD && !seen.runs.some((run) => run.stage === 'production'),
        `production runs ${production}`,
      ),
    ],
  }
}

async function straightToGit(theatre: Theatre): Promise<Act> {
  const { set, narrator } = theatre
  narrator.act(
    3,
    `Somebody pushes ${PUSHED} straight to Git`,
    'Argo CD deploys it by itself and tells Tiphys, which tests and judges what it finds.',
  )
  const before = new Set((await runs(set)).map((run) => run.context))
  await set.gitops.push('staging', PUSHED, `carts: ${PUSHED}, straight to staging`)
  const context = await appearance(set, before)
  const seen = await watch(theatre, context)
  const verify = runOf(seen, 'staging', 'verify')
  const reason = await reasonOf(set.client, judge(seen.runs), seen.runs)
  narrator.say(reason)
  const all = await runs(set)
  const started = all.filter((run) => !before.has(run.context))
  return {
    context,
    reason,
    promises: [
      promise(
        'Argo CD deployed by itself, and the verdict appears',
        verify?.result === 'pass',
        said(verify),
      ),
      promise(
        'one deployment, one run',
        started.length === 1,
        `${started.length} run${started.length === 1 ? '' : 's'}`,
      ),
    ],
  }
}

async function trigger(set: StageSet, version: string): Promise<string> {
  return await sendEvent(set.client, {
    type: 'sh.keptn.event.staging.delivery.triggered',
    source: 'tiphys-demo',
    specversion: '1.0',
    data: {
      project: PROJECT,
      stage: 'staging',
      service: SERVICE,
      labels: { version },
      configurationChange: { values: { image: `sample:${version}` } },
    },
  })
}

/** Shows a context until none of its runs is open. */
async function watch({ set, terminal }: Theatre, context: string): Promise<ContextTimeline> {
  const progress = createProgress(terminal, process.stdout)
  const untilMs = Date.now() + ACT_TIMEOUT_MS
  try {
    for (;;) {
      const seen = await readContext(set.client, context, PROJECT)
      progress.show(seen.runs)
      if (!seen.open) return seen
      if (Date.now() > untilMs)
        throw new Error(`the act is not over after ${ACT_TIMEOUT_MS / 1_000} s`)
      await delay(POLL_MS)
    }
  } finally {
    progress.close()
  }
}

/** The context of the run that Argo CD's notification started. */
async function appearance(set: StageSet, before: ReadonlySet<string>): Promise<string> {
  const untilMs = Date.now() + ACT_TIMEOUT_MS
  for (;;) {
    const started = (await runs(set)).find((run) => !before.has(run.context))
    if (started !== undefined) return started.context
    if (Date.now() > untilMs) throw new Error('Argo CD deployed, and no run appeared')
    await delay(POLL_MS)
  }
}

async function runs(set: StageSet): Promise<readonly Run[]> {
  const page = await set.client.request({
    method: 'GET',
    path: '/api/tiphys/v1/runs',
    query: { project: PROJECT, pageSize: 50 },
    schema: RunPage,
  })
  return page.runs
}

function runOf(seen: ContextTimeline, stage: string, sequence: string): Run | undefined {
  return seen.runs.find((run) => run.stage === stage && run.sequence === sequence)
}

function promise(text: string, kept: boolean, detail: string): PromiseKept {
  return { promise: text, kept, detail }
}

function said(run: Run | undefined): string {
  if (run === undefined) return 'it never ran'
  return `${run.stage} ${run.sequence}: ${run.result ?? run.state}${run.message ? `, ${run.message}` : ''}`
}
