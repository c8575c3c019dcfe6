import { TEST_RESULTS_PROVIDER } from '@tiphys/core/evaluation/test-results-value.ts'
import { createProviders } from '@tiphys/providers/connections/create-provider.ts'
import { connectionFor } from '@tiphys/providers/connections/resolve-connections.ts'
import { createGuardedHttp, type GuardedHttp } from '@tiphys/providers/http/guarded-http.ts'
import type { SliProvider } from '@tiphys/providers/sli/sli-provider.ts'
import { createApprovalExecutor } from './executors/approval/approval-executor.ts'
import { createEvaluationExecutor } from './executors/evaluation/evaluation-executor.ts'
import { remoteSli } from './executors/evaluation/remote-sli.ts'
import type { TaskExecutor, TaskJob } from './executors/executor.ts'
import type { CommandPowers } from './executors/test/command/command-powers.ts'
import { createTestExecutor } from './executors/test/test-executor.ts'
import { DEFAULT_TEST_LIMITS } from './executors/test/test-limits.ts'
import type { Integrations } from './integrations/integrations.ts'
import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import type { Projections } from './ports/projections.ts'
import type { Store } from './ports/store.ts'
import { evaluationHistory } from './projections/evaluation-history.ts'
import type { ServerSettings } from './settings/load-settings.ts'
import { createRunResultsProvider } from './test-results/run-results-provider.ts'

export type ExecutorParts = {
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly log: Log
  readonly projections: Projections
  /** Who may answer what is asked of others. */
  readonly integrations: Pick<Integrations, 'isSubscribed' | 'subscribersOf'>
  /** Hosts of applications that a test may be sent to. */
  readonly trustedHosts: (job: TaskJob) => Promise<readonly string[]>
  /** Where this server listens: no test and no query may reach it. */
  readonly ownPort: () => number
  /** For tests that are programs. */
  readonly commands: CommandPowers
  /** Where results that were uploaded lie. */
  readonly store: Pick<Store, 'query'>
}

/** What carries out tests, evaluations and approvals; the Argo CD side brings its own. */
export function composeExecutors(parts: ExecutorParts): TaskExecutor[] {
  const { settings, clock, log, projections, integrations, trustedHosts, ownPort } = parts
  const http = guardedHttp(settings, ownPort)
  return [
    createTestExecutor({
      guard: (url) => http.check(url, 'user'),
      clock,
      log,
      limits: testLimits(settings),
      commands: parts.commands,
      trustedHosts,
    }),
    createEvaluationExecutor({
      provider: providersOf(settings, http, parts.store),
      remote: (name, job) => remoteSli({ ...integrations, clock }, name, job),
      previousEvaluations: ({ projectId, stage, service }, wish) =>
        evaluationHistory(projections, { projectId, stage, service, ...wish }),
    }),
    createApprovalExecutor(),
  ]
}

function guardedHttp(settings: ServerSettings, ownPort: () => number): GuardedHttp {
  return createGuardedHttp({
    allowLoopback: settings.allowLoopbackTargets,
    denyPrivate: settings.denyPrivate,
    ownListeners: () => [{ port: ownPort() }],
    ...kubernetesApi(process.env['KUBERNETES_SERVICE_HOST']),
  })
}

function kubernetesApi(host: string | undefined) {
  return host === undefined ? {} : { kubernetesApiHost: host }
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

/** Providers by name: what the operator connected, and what needs no connection. */
function providersOf(settings: ServerSettings, http: GuardedHttp, store: Pick<Store, 'query'>) {
  const connected = createProviders({ http, environment: process.env })
  return (name: string, job: TaskJob): SliProvider | undefined => {
    if (name === TEST_RESULTS_PROVIDER) {
      return createRunResultsProvider(store, job)
    }
    const connection = connectionFor(settings.providers, name, job.project)
    return connection === undefined ? undefined : connected(connection)
  }
}
