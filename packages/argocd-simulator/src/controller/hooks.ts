import type { ResourceResult } from '../application/application.ts'
import { podTemplateOf } from '../cluster/pod-template.ts'
import { SampleProcess } from '../cluster/sample-process.ts'
import { HOOK_ANNOTATION } from '../render/desired-state.ts'
import { groupVersionKind, type Manifest } from '../render/manifest.ts'
import { unexpected } from '../unexpected.ts'
import {
  type ApplyRequest,
  type ApplyResult,
  applyObjects,
  shortName,
  UNSUCCESSFUL,
} from './apply-objects.ts'
import { waveOf } from './compare.ts'

type HookPhase = 'PreSync' | 'Sync' | 'PostSync' | 'SyncFail'

/** A hook that is told to end gets no time: its operation is over. */
const NO_DRAIN_MS = 0

/**
 * A sync with its hooks: PreSync, then the objects until they are healthy, Sync hooks after them, then PostSync.
 * The first failure ends it, after the SyncFail hooks. A Job really runs; what else a hook may be is applied
 * and counts as done. Hooks say nothing about health: a failed PostSync leaves a Healthy application.
 */
export async function applyWithHooks(
  request: ApplyRequest,
  hooks: readonly Manifest[],
): Promise<ApplyResult> {
  const results: ResourceResult[] = []
  const run = (phase: HookPhase) => runHooks(request, hooks, phase, results)
  const before = await run('PreSync')
  if (before !== 'applied') return await failed(request, hooks, results, before)
  const applied = await applyObjects({
    ...request,
    isMultiStep: hooks.length > 0,
    onProgress: (message, some) => request.onProgress(message, [...results, ...some]),
  })
  results.push(...applied.results)
  if (applied.code === 'stopped') return { ...applied, results }
  if (applied.code === 'failed') {
    await run('SyncFail')
    return { ...applied, results }
  }
  for (const phase of ['Sync', 'PostSync'] as const) {
    const outcome = await run(phase)
    if (outcome !== 'applied') return await failed(request, hooks, results, outcome)
  }
  return { ...applied, results }
}

async function failed(
  request: ApplyRequest,
  hooks: readonly Manifest[],
  results: ResourceResult[],
  code: 'failed' | 'stopped',
): Promise<ApplyResult> {
  if (code === 'failed') await runHooks(request, hooks, 'SyncFail', results)
  return { code, message: UNSUCCESSFUL, results }
}

/** Runs the hooks of one phase one after the other, in the order of their waves. */
async function runHooks(
  request: ApplyRequest,
  hooks: readonly Manifest[],
  phase: HookPhase,
  results: ResourceResult[],
): Promise<ApplyResult['code']> {
  const due = hooks.filter((hook) => phasesOf(hook).includes(phase))
  due.sort((a, b) => waveOf(a) - waveOf(b))
  for (const hook of due) {
    const result: ResourceResult = {
      ...groupVersionKind(hook),
      namespace: hook.metadata.namespace ?? '',
      name: hook.metadata.name,
      hookType: phase,
      hookPhase: 'Running',
      syncPhase: phase,
      message: `${shortName(hook)} created`,
    }
    results.push(result)
    request.onProgress(`waiting for completion of hook ${shortName(hook)}`, results)
    const exitCode = await runJob(request, hook)
    if (exitCode === undefined) return 'stopped'
    result.hookPhase = exitCode === 0 ? 'Succeeded' : 'Failed'
    result.message =
      exitCode === 0
        ? 'Reached expected number of succeeded pods'
        : 'Job has reached the specified backoff limit'
    if (exitCode !== 0) return 'failed'
  }
  return 'applied'
}

function phasesOf(hook: Manifest): string[] {
  const text = hook.metadata.annotations?.[HOOK_ANNOTATION] ?? ''
  return text.split(',').map((phase) => phase.trim())
}

/** The exit code of a Job's process; undefined if the operation was told to end first. */
async function runJob(request: ApplyRequest, hook: Manifest): Promise<number | undefined> {
  if (request.signal.aborted) return undefined
  if (groupVersionKind(hook).kind !== 'Job') return 0
  const pods = podTemplateOf(hook, request.timing.progressDeadlineMs)
  if ('invalid' in pods) return 1
  const { version, environment } = pods.template
  const job = new SampleProcess(version, environment, 'job')
  const stop = () => {
    job.stop(NO_DRAIN_MS).catch(unexpected)
  }
  request.signal.addEventListener('abort', stop, { once: true })
  const exitCode = await job.exited
  request.signal.removeEventListener('abort', stop)
  return request.signal.aborted ? undefined : exitCode
}
