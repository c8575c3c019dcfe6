import type { LoadPlan, LoadRequestPlan } from '@tiphys/contract/test-plan.ts'
import { statusMatches } from '@tiphys/contract/tests-yaml-values.ts'
import { constantArrivals, poissonArrivals, seededRandom } from '@tiphys/core/load/arrivals.ts'
import { recordMs } from '@tiphys/core/load/histogram.ts'
import { newTally, type Outcome, recordOutcome, type Tally } from '@tiphys/core/load/tally.ts'
import { createWeightedChoice } from '@tiphys/core/load/weighted-choice.ts'
import { runClosedModel } from './closed-model.ts'
import type { HttpTarget } from './http-target.ts'
import { runOpenModel } from './open-model.ts'
import { createPause } from './pause.ts'

export type LoadRun = {
  readonly plan: LoadPlan
  readonly target: HttpTarget
  /** Most requests in flight at a time. */
  readonly maxConcurrent: number
  /** Of a closed model; an open one has its own rate. */
  readonly maxRatePerS: number
  /** Of Poisson arrivals. */
  readonly seed: number
  readonly signal: AbortSignal
}

/** A load test that is running; ends when `done` resolves. Rejects never: what the network does is in the tallies. */
export type RunningLoad = {
  readonly done: Promise<LoadReport>
  /** Figures so far, and where in its plan the test is. */
  live(): { readonly tally: Tally; readonly offsetMs: number; readonly measuredMs: number }
}

export type LoadReport = {
  /** Of every measured request. */
  readonly tally: Tally
  /** Of the requests that the file names, by that name. */
  readonly named: ReadonlyMap<string, Tally>
  /** How long measuring took. */
  readonly measuredMs: number
  /** Requests of a closed model that `maxRatePerS` held back. */
  readonly heldBack: number
}

/** The answer of a load test is counted and thrown away; one larger than this would measure the network. */
const MAX_BODY_BYTES = 20_000_000

/**
 *   | ramp: 0 → full | warm-up: full | duration: full, measured | answers still on their way |
 *
 * A request is measured when it was meant to leave (open) or left (closed) within the duration, however late its answer comes.
 */
export function startLoad(run: LoadRun): RunningLoad {
  const { plan, signal } = run
  const startMs = performance.now()
  const measureFromMs = plan.rampMs + plan.warmupMs
  const totalMs = measureFromMs + plan.durationMs
  const tally = newTally()
  const named = new Map<string, Tally>()
  const sender = createSender(run, { startMs, measureFromMs, tally, named })

  async function execute(): Promise<LoadReport> {
    const pause = createPause(signal)
    try {
      const heldBack = await runModel(run, { pause, startMs, totalMs, ...sender })
      return { tally, named, measuredMs: plan.durationMs, heldBack }
    } finally {
      pause.dispose()
    }
  }

  function live() {
    const offsetMs = performance.now() - startMs
    const measuredMs = Math.min(Math.max(offsetMs - measureFromMs, 0), plan.durationMs)
    return { tally, offsetMs, measuredMs }
  }
  return { done: execute(), live }
}

type Model = Sender & {
  readonly pause: ReturnType<typeof createPause>
  readonly startMs: number
  readonly totalMs: number
}

async function runModel({ plan, signal, ...run }: LoadRun, model: Model): Promise<number> {
  const { pause, startMs, totalMs, send, onDropped } = model
  if (plan.model === 'closed') {
    const { users, thinkTimeMs, rampMs } = plan
    const closed = { users, thinkTimeMs, rampMs, totalMs, maxRatePerS: run.maxRatePerS }
    const { heldBack } = await runClosedModel({ ...closed, startMs, signal, pause, send })
    return heldBack
  }
  const arrivalPlan = { ratePerS: plan.ratePerS, rampMs: plan.rampMs, totalMs }
  const arrivals =
    plan.arrivals === 'constant'
      ? constantArrivals(arrivalPlan)
      : poissonArrivals(arrivalPlan, seededRandom(run.seed))
  const { maxConcurrent } = run
  await runOpenModel({ arrivals, startMs, maxConcurrent, signal, pause, send, onDropped })
  return 0
}

type Sender = {
  readonly send: (offsetMs: number) => Promise<void>
  readonly onDropped: (offsetMs: number) => void
}

type Measured = {
  readonly startMs: number
  readonly measureFromMs: number
  readonly tally: Tally
  readonly named: Map<string, Tally>
}

function createSender({ plan, target }: LoadRun, measured: Measured): Sender {
  const { startMs, measureFromMs, tally, named } = measured
  const choose = createWeightedChoice(plan.requests.map((request) => request.weight))
  for (const { name } of plan.requests) if (name !== undefined) named.set(name, newTally())

  async function send(offsetMs: number): Promise<void> {
    const choice = plan.requests[choose()]
    if (choice === undefined) return
    const meantMs = startMs + offsetMs
    const sentMs = performance.now()
    const exchange = await target.send(choice.request, {
      timeoutMs: plan.timeoutMs,
      maxBodyBytes: MAX_BODY_BYTES,
    })
    if (offsetMs < measureFromMs || exchange.code === 'aborted') return
    const outcome = outcomeOf(exchange, choice, Math.min(meantMs, sentMs))
    const own = choice.name === undefined ? undefined : named.get(choice.name)
    for (const one of own === undefined ? [tally] : [tally, own]) {
      recordOutcome(one, outcome)
      recordMs(one.lateness, sentMs - meantMs)
    }
  }

  return {
    send,
    onDropped: (offsetMs) => {
      if (offsetMs >= measureFromMs) tally.dropped += 1
    },
  }
}

type Ended = Exclude<Awaited<ReturnType<HttpTarget['send']>>, { readonly code: 'aborted' }>

function outcomeOf(exchange: Ended, choice: LoadRequestPlan, fromMs: number): Outcome {
  switch (exchange.code) {
    case 'answered': {
      const { status } = exchange
      const accepted = statusMatches(choice.status, status)
      return { code: 'answered', latencyMs: exchange.endMs - fromMs, status, accepted }
    }
    case 'failed':
      return { code: 'connection-failed', reason: exchange.reason }
    case 'timed-out':
    case 'too-large':
      return { code: exchange.code }
  }
}
