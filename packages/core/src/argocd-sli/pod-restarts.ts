import type { ContainerStatus, LivePod } from '@tiphys/contract/argocd-api.ts'
import { parseRfc3339 } from '../deployment/rfc3339.ts'
import type { Span } from './timeline.ts'

/** Restarts of containers within a window. Kubernetes keeps a count and the times of the last two instances: often that says it exactly. */
export type Restarts = { readonly atLeast: number; readonly atMost: number }

export const NO_RESTARTS: Restarts = { atLeast: 0, atMost: 0 }

export function restartsOf(pod: LivePod, window: Span): Restarts {
  const { status, metadata } = pod
  const createdMs = parseRfc3339(metadata?.creationTimestamp) ?? Number.NEGATIVE_INFINITY
  const containers = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
  ]
  return containers.map((one) => ofContainer(one, createdMs, window)).reduce(sum, NO_RESTARTS)
}

export function sum(left: Restarts, right: Restarts): Restarts {
  return { atLeast: left.atLeast + right.atLeast, atMost: left.atMost + right.atMost }
}

function ofContainer(status: ContainerStatus, createdMs: number, window: Span): Restarts {
  const count = status.restartCount ?? 0
  const { state, lastState } = status
  const before = startOf(lastState)
  const current = startOf(state)
  // A container that waits to be started again: the instance before is the last restart there was.
  const known = current === undefined ? [before] : [current, before]
  // As many instances were restarts as the count says: the very first one was not.
  const times = known.slice(0, count).flatMap((one) => one ?? [])
  const within = times.filter((atMs) => atMs >= window.startMs && atMs <= window.endMs).length
  const oldestMs = known.findLast((one) => one !== undefined)
  const hidden = Math.max(0, count - times.length)
  // What is not known happened after the pod was made and before the oldest instance that is known.
  const couldBe = createdMs <= window.endMs && (oldestMs ?? window.endMs) >= window.startMs
  const mustBe = createdMs >= window.startMs && oldestMs !== undefined && oldestMs <= window.endMs
  return {
    atLeast: within + (mustBe ? hidden : 0),
    atMost: within + (couldBe ? hidden : 0),
  }
}

type State = ContainerStatus['state']

function startOf(state: State): number | undefined {
  return parseRfc3339(state?.running?.startedAt ?? state?.terminated?.startedAt)
}
