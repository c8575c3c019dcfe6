import { TESTS_YAML_URI } from '@tiphys/contract/tests-yaml.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { TakeRequest, TaskAnswer, TaskExecutor, TaskJob } from '../executor.ts'
import { CommandFilesError } from './command/command-folder.ts'
import type { CommandPowers } from './command/command-powers.ts'
import { CommandNotStartedError } from './command/command-run.ts'
import { createCommandRunner } from './command/command-runner.ts'
import { type ConnectGuard, TargetRefusedError } from './http-target.ts'
import { createLoadBudget } from './load-budget.ts'
import { createProgressReporter } from './progress-reporter.ts'
import { testResults } from './reported-results.ts'
import { DEFAULT_TEST_LIMITS, type TestLimits } from './test-limits.ts'
import { type Preparation, prepareTests } from './test-preparation.ts'
import { messageOf, type TestOutcome, windowOf, worstResult } from './test-report.ts'
import { runTests } from './test-session.ts'

export type TestExecutorOptions = {
  /** `(url) => guardedHttp.check(url, 'user')`. */
  readonly guard: ConnectGuard
  readonly clock: Clock
  readonly log: Log
  readonly limits?: TestLimits
  /** For tests that are programs; undefined: this server runs none. */
  readonly commands?: CommandPowers | undefined
  /**
   * Hosts (`shop.example.com`, `carts:8080`) or whole addresses that may be tested where the project has no `targets`: the external
   * URLs of the Argo CD application and its `tiphys.dev/uri`. May reject while Argo CD is away; it is asked again.
   */
  readonly trustedHosts: (job: TaskJob) => Promise<readonly string[]>
  /** How often live figures are reported, in ms. */
  readonly progressIntervalMs?: number
}

/** Fact on the run's stream: the tests of this attempt have begun. */
const BEGUN = 'test.begun'
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000

/**
 * The `test` task: HTTP checks, load tests and commands of `tiphys/tests.yaml` (docs/tests.md).
 *
 *   prepare ── wrong ──▶ errored / fail, one sentence          (no request was sent)
 *      │  └─── nothing ─▶ pass, `no tests configured for …`
 *      ▼
 *   run each ── aborted ─▶ aborted / fail, connections closed, programs ended
 *      ▼
 *   finished: result of the worst test, the window, the figures
 */
export function createTestExecutor(options: TestExecutorOptions): TaskExecutor {
  const { guard, clock, log, trustedHosts, limits = DEFAULT_TEST_LIMITS, commands } = options
  const { maxRatePerS, maxConnections } = limits
  const budget = createLoadBudget({ ratePerS: maxRatePerS, connections: maxConnections })
  const commandBudget = createLoadBudget({
    ratePerS: 0,
    connections: commands?.settings.maxConcurrent ?? 0,
  })

  async function execute(job: TaskJob): Promise<TaskAnswer> {
    const startMs = clock.nowMs()
    const { signal } = job
    const reporter = createProgressReporter(job, log, options.progressIntervalMs)
    try {
      const hosts = () => persistently(() => trustedHosts(job), job, clock, reporter.report)
      const allowed = commands?.settings
      const powers = { guard, limits, trustedHosts: hosts, nowMs: startMs, commands: allowed }
      const prepared = await prepareTests(job, powers)
      if (prepared.code !== 'ready')
        return unmeasured(prepared, job, { startMs, endMs: clock.nowMs() })
      const wasInterrupted = await noteBegin(job, prepared.tests.length)
      const seed = seedOf(job.task.triggeredId)
      const common = { clock, reporter }
      const runner = createCommandRunner({
        powers: commands,
        budget: commandBudget,
        job,
        ...common,
      })
      const session = { guard, ...common, limits, budget, signal, seed, runCommand: runner.run }
      const outcomes = await runTests(prepared.tests, session)
      return measured(outcomes, job, { wasInterrupted, kept: runner.kept() })
    } catch (thrown) {
      if (signal.aborted) return ended('aborted', 'the tests were aborted')
      const isExpected = EXPECTED.some((known) => thrown instanceof known)
      if (isExpected) return ended('errored', (thrown as Error).message)
      throw thrown
    } finally {
      await reporter.settled()
    }
  }

  return { task: 'test', source: 'tiphys-test', takes, execute }
}

/** What somebody has to change: a file, a setting, what is installed. */
const EXPECTED = [TargetRefusedError, CommandFilesError, CommandNotStartedError]

function takes({ snapshot, stage, service, properties }: TakeRequest) {
  if (properties['executor'] === 'external') return 'no'
  if (properties['executor'] === 'tiphys') return 'configured'
  return snapshot.find(stage, service, TESTS_YAML_URI) === undefined ? 'neutral' : 'configured'
}

/** Answers whether this attempt had begun before: the server was restarted in the middle of it. */
async function noteBegin(job: TaskJob, tests: number): Promise<boolean> {
  const { attempt } = job.task
  const wasInterrupted = job.notes(BEGUN).some((note) => note['attempt'] === attempt)
  await job.note(BEGUN, { attempt, tests })
  return wasInterrupted
}

/** Hosts come from Argo CD, which may be away for a moment; the task's deadline bounds the waiting through its signal. */
async function persistently<T>(
  ask: () => Promise<T>,
  job: TaskJob,
  clock: Clock,
  report: (message: string) => void,
): Promise<T> {
  for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_RETRY_MS)) {
    try {
      return await ask()
    } catch (thrown) {
      job.signal.throwIfAborted()
      const reason = thrown instanceof Error ? thrown.message : String(thrown)
      report(`cannot find out which hosts may be tested, and tries again: ${reason}`)
      await clock.sleep(waitMs, job.signal)
    }
  }
}

function measured(
  outcomes: readonly TestOutcome[],
  job: TaskJob,
  { wasInterrupted, kept }: { wasInterrupted: boolean; kept: Kept | undefined },
): TaskAnswer {
  const again = wasInterrupted ? ' (run again from the start after a restart)' : ''
  const results = testResults(outcomes, { run: job.runId, stage: job.stage })
  return {
    code: 'finished',
    status: 'succeeded',
    result: worstResult(outcomes),
    message: messageOf(outcomes) + again,
    data: { test: { ...windowData(windowOf(outcomes)), results, ...artifactsData(kept, job) } },
  }
}

type Kept = { readonly count: number; readonly url: string }

/** Where logs and files are. A later stage's replace an earlier one's in merged data, and `run` says whose they are. */
function artifactsData(kept: Kept | undefined, job: TaskJob) {
  return kept === undefined ? {} : { artifacts: { run: job.runId, ...kept } }
}

/** Window and results are given also when nothing ran: otherwise those of an earlier stage would travel on as this one's. */
function unmeasured(
  preparation: Exclude<Preparation, { code: 'ready' }>,
  job: TaskJob,
  window: { readonly startMs: number; readonly endMs: number },
): TaskAnswer {
  if (preparation.code === 'wrong') return ended('errored', preparation.message)
  const results = testResults([], { run: job.runId, stage: job.stage })
  const data = { test: { ...windowData(window), results } }
  const { message } = preparation
  return { code: 'finished', status: 'succeeded', result: 'pass', message, data }
}

function ended(status: 'errored' | 'aborted', message: string): TaskAnswer {
  return { code: 'finished', status, result: 'fail', message }
}

/** Keptn's time format, `2006-01-02T15:04:05.000Z`. */
function windowData(window: { startMs: number; endMs: number } | undefined) {
  if (window === undefined) return {}
  const { startMs, endMs } = window
  return { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() }
}

/** Poisson arrivals of a task are the same when it is run again. */
function seedOf(text: string): number {
  let seed = 0
  for (const character of text) seed = (Math.imul(seed, 31) + (character.codePointAt(0) ?? 0)) >>> 0
  return seed
}
