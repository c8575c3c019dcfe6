import type { Result, Status } from '@tiphys/contract/event.ts'

export type Need = 'sync' | 'refresh' | 'look' | 'auto-sync'

/** What one look at an application says about a deployment (behaviour.md 7). Only the first two are not the end. */
export type DeploymentOutcome =
  | {
      readonly code: 'waiting'
      /**
       * What brings it forward: `sync` = ask for a sync; `refresh` = read with a refresh; `look` = read again; `auto-sync` = read again,
       * and see whether a sync window keeps Argo CD from syncing by itself.
       */
      readonly need: Need
      readonly message: string
      readonly lookAgainMs: number
    }
  /** A sync window. Keeps waiting; the deadline stands still. */
  | { readonly code: 'blocked'; readonly message: string; readonly lookAgainMs: number }
  | EndedOutcome

export type EndedOutcome =
  | {
      readonly code: 'succeeded'
      readonly noChange: boolean
      readonly pruneLeftOver: boolean
      readonly message: string
    }
  /** A Rollout waits at a step. */
  | { readonly code: 'paused'; readonly message: string; readonly rollouts: readonly string[] }
  | { readonly code: 'sync-failed'; readonly message: string }
  | { readonly code: 'degraded'; readonly message: string }
  | { readonly code: 'unknown'; readonly message: string }
  /** Another value of what we set is deployed, or wished for, by somebody else. */
  | { readonly code: 'superseded'; readonly message: string }
  /** `terminate`: an operation of ours is still running and must be ended. */
  | { readonly code: 'timed-out'; readonly message: string; readonly terminate: boolean }
  | { readonly code: 'unreachable'; readonly message: string }

/** The row of behaviour.md 7's table. */
export function taskVerdictOf(outcome: EndedOutcome): {
  readonly status: Status
  readonly result: Result
} {
  switch (outcome.code) {
    case 'succeeded':
      return { status: 'succeeded', result: outcome.pruneLeftOver ? 'warning' : 'pass' }
    case 'paused':
      return { status: 'succeeded', result: 'pass' }
    case 'sync-failed':
    case 'degraded':
      return { status: 'succeeded', result: 'fail' }
    case 'superseded':
      return { status: 'aborted', result: 'fail' }
    case 'timed-out':
    case 'unknown':
    case 'unreachable':
      return { status: 'errored', result: 'fail' }
  }
}

export function isEnded(outcome: DeploymentOutcome): outcome is EndedOutcome {
  return outcome.code !== 'waiting' && outcome.code !== 'blocked'
}
