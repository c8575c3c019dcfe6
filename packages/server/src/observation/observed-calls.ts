import type { Git, GitResult } from '../adapters/git/git-command.ts'
import type { ArgoCd, ArgoCdAnswer, WatchNews } from '../ports/argocd.ts'
import type { Meter } from '../ports/meter.ts'

const MS_PER_SECOND = 1_000

/** Git commands that talk to another host; everything else stays on this machine and is not counted. */
const REMOTE_OPERATIONS = ['push', 'fetch', 'ls-remote', 'clone']

/** The same Git, with what it says to other hosts measured. */
export function observedGit(git: Git, meter: Meter): Git {
  return {
    ...git,
    async run(args, options) {
      const operation = args.find((word) => REMOTE_OPERATIONS.includes(word))
      if (operation === undefined || operation !== args[0]) return await git.run(args, options)
      const beganMs = performance.now()
      const ended = (outcome: string) => {
        const seconds = (performance.now() - beganMs) / MS_PER_SECOND
        meter.count('tiphys_git_calls_total', { operation, outcome })
        meter.observe('tiphys_git_call_duration_seconds', seconds, { operation })
      }
      try {
        const result = await git.run(args, options)
        ended(gitOutcome(result))
        return result
      } catch (error) {
        ended(options?.signal?.aborted ? 'cancelled' : 'failed')
        throw error
      }
    },
  }
}

function gitOutcome(result: GitResult): string {
  if (result.code !== 'exited') return result.code
  return result.exitCode === 0 ? 'ok' : 'failed'
}

/** The same Argo CD, with its calls and its stream measured. */
export function observedArgoCd(argocd: ArgoCd, meter: Meter): ArgoCd {
  const { instance } = argocd
  meter.set('tiphys_argocd_watch_connected', 0, { instance })
  // 1970, until it answers: an instance that never did must not look like one that nobody has.
  meter.set('tiphys_argocd_last_list_timestamp_seconds', 0, { instance })
  const observed = Object.entries(argocd)
    .filter(([name, member]) => typeof member === 'function' && name !== 'watch')
    .map(([name, member]) => [name, observedCall(instance, name, member, meter)])
  // Each function of the port but `watch` answers with an `ArgoCdAnswer`; what is wrapped keeps its arguments and its answer.
  const calls = Object.fromEntries(observed) as Omit<ArgoCd, 'instance' | 'watch'>
  return { instance, ...calls, watch: (signal) => observedWatch(argocd, meter, signal) }
}

type Call = (...args: readonly unknown[]) => Promise<ArgoCdAnswer<unknown>>

function observedCall(instance: string, call: string, member: unknown, meter: Meter): Call {
  const send = member as Call
  return async (...args) => {
    const beganMs = performance.now()
    const ended = (outcome: string) => {
      const seconds = (performance.now() - beganMs) / MS_PER_SECOND
      meter.count('tiphys_argocd_calls_total', { instance, call, outcome })
      meter.observe('tiphys_argocd_call_duration_seconds', seconds, { instance })
    }
    try {
      const answer = await send(...args)
      ended(answer.code)
      if (call === 'list' && answer.code === 'ok') {
        const nowSeconds = Date.now() / MS_PER_SECOND
        meter.set('tiphys_argocd_last_list_timestamp_seconds', nowSeconds, { instance })
      }
      return answer
    } catch (error) {
      ended('cancelled')
      throw error
    }
  }
}

async function* observedWatch(
  argocd: ArgoCd,
  meter: Meter,
  signal: AbortSignal,
): AsyncGenerator<WatchNews> {
  const { instance } = argocd
  for await (const news of argocd.watch(signal)) {
    if (news.code !== 'changed') {
      const value = news.code === 'connected' ? 1 : 0
      meter.set('tiphys_argocd_watch_connected', value, { instance })
    }
    yield news
  }
}
