import { formatDuration } from '@tiphys/contract/duration.ts'
import type { ChecksPlan, LoadTestPlan } from '@tiphys/contract/test-plan.ts'
import { figuresOf } from '@tiphys/core/load/tally.ts'
import type { Clock } from '../../ports/clock.ts'
import { type CheckOutcome, runCheck } from './check-run.ts'
import type { CommandOutcome } from './command/command-run.ts'
import { type ConnectGuard, type HttpTarget, openTarget } from './http-target.ts'
import type { LoadBudget } from './load-budget.ts'
import { type RunningLoad, startLoad } from './load-run.ts'
import { judgeLoad, summaryOf } from './load-verdict.ts'
import type { ProgressReporter } from './progress-reporter.ts'
import { loadDurationMs, shareOf, type TestLimits } from './test-limits.ts'
import type { PreparedCommand, PreparedTest } from './test-preparation.ts'
import { type ChecksOutcome, type LoadOutcome, resultOf, type TestOutcome } from './test-report.ts'
import { isLoad } from './test-selection.ts'

export type TestSession = {
  readonly guard: ConnectGuard
  readonly clock: Clock
  readonly limits: TestLimits
  readonly budget: LoadBudget
  readonly reporter: ProgressReporter
  readonly signal: AbortSignal
  readonly seed: number
  readonly runCommand: (test: PreparedCommand) => Promise<CommandOutcome>
}

/** Runs the tests one after the other, in the order of the file. Rejects when the signal aborts, with every connection closed. */
export async function runTests(
  tests: readonly PreparedTest[],
  session: TestSession,
): Promise<readonly TestOutcome[]> {
  const outcomes: TestOutcome[] = []
  let haveChecksFailed = false
  for (const test of tests) {
    const isLoading = isLoad(test.plan)
    if (isLoading && haveChecksFailed) {
      outcomes.push({ kind: 'skipped', name: test.plan.name })
      continue
    }
    const outcome = await runTest(test, session)
    haveChecksFailed ||= !isLoading && resultOf(outcome) === 'fail'
    outcomes.push(outcome)
    session.signal.throwIfAborted()
  }
  return outcomes
}

async function runTest(test: PreparedTest, session: TestSession): Promise<TestOutcome> {
  if (test.kind === 'command') return await session.runCommand(test)
  const { plan, base } = test
  return plan.kind === 'checks'
    ? await runChecks(plan, base, session)
    : await runLoadTest(plan, base, session)
}

async function runChecks(
  plan: ChecksPlan,
  base: URL,
  session: TestSession,
): Promise<ChecksOutcome> {
  const { clock, signal, reporter } = session
  const startMs = clock.nowMs()
  return await withTarget(base, 1, session, async (target) => {
    const checks: CheckOutcome[] = []
    for (const check of plan.checks) {
      const onRetry = (sentence: string) => reporter.report(`${plan.name}: ${sentence}`)
      checks.push(await runCheck({ check, target, clock, signal, onRetry }))
    }
    const { name } = plan
    return { kind: 'checks', name, url: target.url, startMs, endMs: clock.nowMs(), checks }
  })
}

async function runLoadTest(
  plan: LoadTestPlan,
  base: URL,
  session: TestSession,
): Promise<LoadOutcome> {
  const { clock, signal, budget, reporter, seed } = session
  const { load, name } = plan
  const share = shareOf(load, session.limits)
  const { ratePerS: maxRatePerS, connections: maxConcurrent } = share
  if (!budget.isFree(share)) {
    reporter.report(`${name}: waits until other load tests leave enough of what this server allows`)
  }
  const release = await budget.acquire(share, signal)
  try {
    return await withTarget(base, maxConcurrent, session, async (target) => {
      const begunMs = clock.nowMs()
      const running = startLoad({ plan: load, target, maxConcurrent, maxRatePerS, seed, signal })
      const stopReports = reporter.every(() => liveSentence(plan, running))
      const report = await running.done.finally(stopReports)
      const startMs = begunMs + load.rampMs + load.warmupMs
      // Answers that came after the last request left belong to the window too.
      const endMs = Math.max(clock.nowMs(), startMs + load.durationMs)
      const verdict = judgeLoad(plan, report)
      return { kind: 'load', name, url: target.url, startMs, endMs, report, verdict }
    })
  } finally {
    release()
  }
}

function liveSentence(plan: LoadTestPlan, running: RunningLoad): string {
  const { tally, offsetMs, measuredMs } = running.live()
  const totalMs = loadDurationMs(plan.load)
  const where = `${formatDuration(Math.min(offsetMs, totalMs))} of ${formatDuration(totalMs)}`
  if (measuredMs === 0) return `${plan.name}: ${where}, warming up`
  return `${plan.name}: ${where}, ${summaryOf(figuresOf(tally, measuredMs))}`
}

/** A target that is closed in every case, at once when the signal aborts. */
async function withTarget<T>(
  base: URL,
  maxSockets: number,
  { guard, signal }: TestSession,
  use: (target: HttpTarget) => Promise<T>,
): Promise<T> {
  const target = await openTarget({ base, guard, maxSockets })
  const close = () => target.close()
  signal.addEventListener('abort', close)
  try {
    signal.throwIfAborted()
    return await use(target)
  } finally {
    signal.removeEventListener('abort', close)
    close()
  }
}
