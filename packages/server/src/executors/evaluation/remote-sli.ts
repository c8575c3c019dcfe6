import { GET_SLI } from '@tiphys/contract/get-sli.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Reply } from '@tiphys/core/sequence/run-state.ts'
import { listed, type Subscriber } from '@tiphys/core/sequence/why.ts'
import type { RemoteReply, RemoteSli } from '@tiphys/providers/sli/remote-sli.ts'
import type { Clock } from '../../ports/clock.ts'
import type { TaskJob } from '../executor.ts'

/** Who subscribed to a task's events, and where. */
export type RemoteSliParts = {
  /** Whether anybody ever did: otherwise nobody is asked, for nobody would answer. */
  readonly isSubscribed: (task: string, place: TaskJobPlace) => boolean
  readonly subscribersOf: (task: string, place: TaskJobPlace) => readonly Subscriber[]
  readonly clock: Pick<Clock, 'nowMs'>
}

type TaskJobPlace = Pick<TaskJob, 'project' | 'stage' | 'service'>

/** A provider outside that is asked with `get-sli.triggered` and answers by event; undefined where nobody ever subscribed to it. */
export function remoteSli(
  parts: RemoteSliParts,
  provider: string,
  job: TaskJob,
): RemoteSli | undefined {
  if (!parts.isSubscribed(GET_SLI, job)) return undefined
  return {
    async ask({ getSli, deployment }) {
      // Plain data, made here.
      const asked = getSli as unknown as JsonObject
      const reply = await job.ask({
        key: provider,
        name: GET_SLI,
        who: `SLI provider ${provider}`,
        data: { [GET_SLI]: asked, ...(deployment === undefined ? {} : { deployment }) },
      })
      return toRemoteReply(parts, reply, job)
    },
  }
}

function toRemoteReply(parts: RemoteSliParts, reply: Reply, job: TaskJob): RemoteReply {
  const { code, status, result, message } = reply
  const answers = reply.finished.map(({ data }) => data)
  if (code === 'answered') return { code, status, result, message, answers }
  const subscribers = parts.subscribersOf(GET_SLI, job)
  const who =
    subscribers.length === 0
      ? `whoever was subscribed to ${GET_SLI}.triggered is no longer registered`
      : `subscribed: ${listed(subscribers, parts.clock.nowMs())}`
  return { code, status, result, message: `${message}; ${who}`, answers }
}
