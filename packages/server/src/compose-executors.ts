import type { ProviderRegistry } from './compose-providers.ts'
import { createApprovalExecutor } from './executors/approval/approval-executor.ts'
import { createEvaluationExecutor } from './executors/evaluation/evaluation-executor.ts'
import type { TaskExecutor, TaskJob } from './executors/executor.ts'
import type { CommandPowers } from './executors/test/command/command-powers.ts'
import { createTestExecutor } from './executors/test/test-executor.ts'
import { DEFAULT_TEST_LIMITS } from './executors/test/test-limits.ts'
import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import type { Projections } from './ports/projections.ts'
import { evaluationHistory } from './projections/evaluation-history.ts'
import type { ServerSettings } from './settings/load-settings.ts'

export type ExecutorParts = {
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly log: Log
  readonly projections: Projections
  /** Who can be asked for values. */
  readonly providers: ProviderRegistry
  /** Hosts of applications that a test may be sent to. */
  readonly trustedHosts: (job: TaskJob) => Promise<readonly string[]>
  /** For tests that are programs. */
  readonly commands: CommandPowers
}

/** What carries out tests, evaluations and approvals; the Argo CD side brings its own. */
export function composeExecutors(parts: ExecutorParts): TaskExecutor[] {
  const { settings, clock, log, projections, providers, trustedHosts } = parts
  return [
    createTestExecutor({
      guard: (url) => providers.http.check(url, 'user'),
      clock,
      log,
      limits: testLimits(settings),
      commands: parts.commands,
      trustedHosts,
    }),
    createEvaluationExecutor({
      ...providers,
      previousEvaluations: ({ projectId, stage, service }, wish) =>
        evaluationHistory(projections, { projectId, stage, service, ...wish }),
    }),
    createApprovalExecutor(),
  ]
}

function testLimits(settings: ServerSettings) {
  return {
    ...DEFAULT_TEST_LIMITS,
    ...(settings.maxLoadRatePerS === undefined ? {} : { maxRatePerS: settings.maxLoadRatePerS }),
    ...(settings.maxLoadConnections === undefined
      ? {}
      : { maxConnections: settings.maxLoadConnections }),
  }
}
