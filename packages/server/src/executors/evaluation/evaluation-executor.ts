import { EvaluationTriggered } from '@tiphys/contract/evaluation.ts'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import type { PreviousEvaluation } from '@tiphys/core/evaluation/baseline.ts'
import { type HistoryWish, runEvaluation } from '@tiphys/providers/evaluation/run-evaluation.ts'
import type { RemoteSli } from '@tiphys/providers/sli/remote-sli.ts'
import type { SliProvider } from '@tiphys/providers/sli/sli-provider.ts'
import type { TaskAnswer, TaskExecutor, TaskJob } from '../executor.ts'
import { SLO_URI, sliFilesOf, sloOf } from './evaluation-files.ts'

export type EvaluationParts = {
  /** What the operator connected for the job's project, or what its tests reported; undefined when nobody did. */
  readonly provider: (name: string, job: TaskJob) => SliProvider | undefined
  /** Somebody outside who may answer for a name that is not connected; undefined where nobody ever would. */
  readonly remote: (name: string, job: TaskJob) => RemoteSli | undefined
  /** Earlier evaluations of the place, newest first, also those that do not count. */
  readonly previousEvaluations: (
    job: TaskJob,
    wish: HistoryWish,
  ) => Promise<readonly PreviousEvaluation[]>
}

/** Five minutes is long for a metrics system and short for people who wait. */
const TIMEOUT_MS = 30 * 60 * 1_000

/**
 * The `evaluation` task: slo.yaml of the service, SLI files of project, stage and service, all at the run's pin. Event data supplies
 * the window, labels and test results, never a query or an address.
 */
export function createEvaluationExecutor(parts: EvaluationParts): TaskExecutor {
  return {
    task: 'evaluation',
    source: 'lighthouse-service',
    defaultTimeoutMs: TIMEOUT_MS,
    takes: () => 'configured',
    execute: (job) => evaluateTask(parts, job),
  }
}

async function evaluateTask(parts: EvaluationParts, job: TaskJob): Promise<TaskAnswer> {
  const { snapshot, stage, service, project } = job
  const data = EvaluationTriggered.safeParse(job.data)
  if (!data.success) {
    const [issue] = data.error.issues
    const message = `evaluation.triggered is not usable: data.${issue?.path.join('.')}: ${issue?.message}`
    return { code: 'finished', status: 'errored', result: 'fail', message }
  }
  const slo = await sloOf(snapshot, stage, service)
  const unread = slo === null ? snapshot.find(stage, service, SLO_URI) : undefined
  const answer = await runEvaluation({
    project,
    stage,
    service,
    data: data.data,
    labels: labelsOf(job.data),
    ...versionOf(job),
    dueMs: job.dueMs,
    slo,
    ...(unread === undefined || unread.level === 'service' ? {} : { unreadSlo: unread.level }),
    sliFiles: await sliFilesOf(snapshot, stage, service),
    sliProvider: snapshot.settings.sliProvider,
    provider: (name) => parts.provider(name, job),
    remote: (name) => parts.remote(name, job),
    previousEvaluations: (wish) => parts.previousEvaluations(job, wish),
    signal: job.signal,
  })
  const { status, result, message, evaluation, explanation } = answer
  // Both are plain data; the round trip drops what JSON has no word for.
  const wire = JSON.parse(JSON.stringify({ evaluation, explanation })) as JsonObject
  return { code: 'finished', status, result, message, data: wire }
}

function labelsOf(data: JsonObject): Record<string, string> {
  const labels = data['labels']
  if (labels === undefined || !isJsonObject(labels)) return {}
  return Object.fromEntries(
    Object.entries(labels).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  )
}

/** What is shown beside the service's name: the label, else the tag of the image that was deployed. Shown only, never decided by. */
function versionOf(job: TaskJob): { readonly version?: string } {
  const label = labelsOf(job.data)['version']
  if (label !== undefined) return { version: label }
  const images = job.origin?.['images'] ?? at(job.data, 'deployment', 'argocd', 'images')
  const image = Array.isArray(images)
    ? images[0]
    : at(job.data, 'configurationChange', 'values', 'image')
  const tag = typeof image === 'string' ? /:([\w][\w.-]{0,127})$/.exec(image)?.[1] : undefined
  return tag === undefined ? {} : { version: tag }
}

function at(data: JsonObject, ...path: readonly string[]): unknown {
  return path.reduce((value: unknown, key) => (isObject(value) ? value[key] : undefined), data)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
