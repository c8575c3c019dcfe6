import type { Application, NameValue } from '@tiphys/contract/argocd-application.ts'
import type { ResolvedApplication } from '@tiphys/contract/argocd-mapping.ts'
import {
  CONTEXT_INFO,
  isAuthorized,
  RUN_INFO,
  TRIGGERED_ID_INFO,
} from '@tiphys/core/deployment/kubernetes-names.ts'
import type { TaskAnswer, TaskJob } from '../executors/executor.ts'
import type { ApplicationRef, ArgoCd } from '../ports/argocd.ts'
import type { DeploymentPowers } from './deployment-powers.ts'
import { notAuthorized } from './follow-deployment.ts'
import { keepTrying, type Trying } from './keep-trying.ts'
import type { Progress } from './progress.ts'

/** What deployments and rollbacks share around one application: its Argo CD, its address, its deadline, its first look. */
export type TaskAttempt = {
  readonly job: TaskJob
  readonly powers: DeploymentPowers
  readonly argocd: ArgoCd
  readonly mapped: ResolvedApplication
  readonly ref: ApplicationRef
  readonly progress: Progress
  readonly trying: Trying
  /** One per task and application: key of its commit. */
  readonly key: string
  readonly infos: readonly NameValue[]
}

/** The engine ends a task at its deadline; we end it a little earlier, with a better sentence and after cleaning up. */
const MAX_MARGIN_MS = 5_000
const MARGIN_SHARE = 0.1

export function openAttempt(
  powers: DeploymentPowers,
  job: TaskJob,
  mapped: ResolvedApplication,
  progress: Progress,
): TaskAttempt | { readonly message: string } {
  const argocd = powers.argocd.get(mapped.instance)
  if (argocd === undefined) {
    const names = powers.argocd.names()
    const connected = names.length === 0 ? 'none is connected' : `connected: ${names.join(', ')}`
    return {
      message: `argocd.yaml names the Argo CD ${mapped.instance}, which is not connected (${connected})`,
    }
  }
  const trying: Trying = {
    clock: powers.clock,
    signal: job.signal,
    deadlineMs: () => job.deadlineMs - marginOf(job),
    onRetry: (message) => progress.say(message),
  }
  return {
    job,
    powers,
    argocd,
    mapped,
    ref: {
      name: mapped.application,
      project: mapped.project,
      ...(mapped.namespace === undefined ? {} : { namespace: mapped.namespace }),
    },
    progress,
    trying,
    key: `${job.runId}/${job.task.index}.${job.task.attempt}/${mapped.name}`,
    infos: [
      { name: RUN_INFO, value: job.runId },
      { name: TRIGGERED_ID_INFO, value: job.task.triggeredId },
      { name: CONTEXT_INFO, value: job.context },
    ],
  }
}

export type FirstLook =
  | { readonly code: 'ready'; readonly application: Application }
  /** `unreachable` when the time was over, else why it cannot be. */
  | { readonly code: 'refused'; readonly message: string }

/**
 * Reads the application afresh before anything is written for it, and checks that it allows us to (behaviour.md 6). Waits for an
 * Argo CD that is down, and for an application that an ApplicationSet has not made yet.
 */
export async function lookBeforeWriting(attempt: TaskAttempt): Promise<FirstLook> {
  const { argocd, ref, job, trying } = attempt
  const tried = await keepTrying<FirstLook>(trying, async () => {
    const answer = await argocd.get(ref, {}, job.signal)
    if (answer.code !== 'ok') {
      if (answer.code === 'not-found') {
        // Argo CD says the same of an application that lies in another project than the one it is asked for.
        const where = `argocd.yaml says that it lies in Argo CD's project ${ref.project}`
        return { code: 'again', message: `${answer.message} (${where})` }
      }
      if (answer.retryable) return { code: 'again', message: answer.message }
      return { code: 'done', value: { code: 'refused', message: answer.message } }
    }
    return { code: 'done', value: checked(attempt, answer.value) }
  })
  return tried.code === 'done' ? tried.value : { code: 'refused', message: tried.message }
}

function checked({ ref, job }: TaskAttempt, application: Application): FirstLook {
  if (application.metadata.deletionTimestamp) {
    return { code: 'refused', message: `application ${ref.name} is being deleted` }
  }
  if (!isAuthorized(application.metadata, job.project, job.stage)) {
    return { code: 'refused', message: notAuthorized(ref.name, job.project, job.stage) }
  }
  return { code: 'ready', application }
}

export function errored(message: string, data?: TaskAnswer['data']): TaskAnswer {
  return {
    code: 'finished',
    status: 'errored',
    result: 'fail',
    message,
    ...(data === undefined ? {} : { data }),
  }
}

function marginOf(job: TaskJob): number {
  return Math.min(MAX_MARGIN_MS, Math.max(0, (job.deadlineMs - job.dueMs) * MARGIN_SHARE))
}
