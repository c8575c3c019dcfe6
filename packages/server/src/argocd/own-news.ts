import type { Deployments } from '../projections/deployments.ts'

/**
 * Whether bad health after an operation is news to its run. `not-yet`: the run's own task is still looking at it. `told`: that task
 * ended with a failure, so the run knows. A run that did not deploy, but judges a deployment of Argo CD's own, was told `deployed`.
 */
export async function ownNews(
  deployments: Deployments,
  operation: {
    readonly projectId: string
    readonly instance: string
    readonly uid: string
    readonly runId: string
  },
): Promise<'news' | 'not-yet' | 'told'> {
  const all = await deployments.ofApplication(operation)
  const own = all.find((one) => one.by === 'tiphys' && one.runId === operation.runId)
  if (own?.by !== 'tiphys') return 'news'
  const { outcome } = own.record
  if (outcome === undefined) return 'not-yet'
  return outcome === 'succeeded' || outcome === 'paused' ? 'news' : 'told'
}
