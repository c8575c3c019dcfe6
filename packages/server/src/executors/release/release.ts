import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { isMapped } from '../../argocd/mapped-application.ts'
import type { Deployments } from '../../projections/deployments.ts'
import type { TaskAnswer, TaskExecutor, TaskJob } from '../executor.ts'

/**
 * `release`: gives a paused Rollout its full traffic. That is not built yet, and a pass would claim that it was done; so a paused
 * deployment ends errored, and without one there is nothing to release.
 */
export function createReleaseExecutor(powers: { readonly deployments: Deployments }): TaskExecutor {
  return {
    task: 'release',
    source: 'tiphys-release',
    takes: ({ snapshot, stage, service, properties }) =>
      properties['executor'] === 'tiphys' || isMapped({ snapshot, stage, service })
        ? 'configured'
        : 'neutral',
    execute: (job) => release(powers.deployments, job),
  }
}

async function release(deployments: Deployments, job: TaskJob): Promise<TaskAnswer> {
  if (isPausedByData(job.data) || (await isPausedByRecord(deployments, job))) {
    return {
      code: 'finished',
      status: 'errored',
      result: 'fail',
      message: 'resuming a Rollout is not built yet',
    }
  }
  return { code: 'finished', status: 'succeeded', result: 'pass', message: 'nothing to release' }
}

function isPausedByData(data: JsonObject): boolean {
  const deployment = data['deployment']
  return deployment !== undefined && isJsonObject(deployment) && deployment['paused'] === true
}

/** What our own deployment in this stage found; event data alone could be talked out of it. */
async function isPausedByRecord(deployments: Deployments, job: TaskJob): Promise<boolean> {
  const { projectId, context, stage, service } = job
  const documents = await deployments.ofContext({ projectId, context, stage, service })
  const newest = new Map<string, (typeof documents)[number]>()
  for (const one of [...documents].sort((left, right) => left.position - right.position)) {
    newest.set(`${one.instance}/${one.uid}`, one)
  }
  return [...newest.values()].some((one) => one.by === 'tiphys' && one.record.outcome === 'paused')
}
