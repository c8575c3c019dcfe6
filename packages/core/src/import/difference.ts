import type { FilePath } from '@tiphys/contract/problem.ts'

/**
 * One thing that a former Keptn team wants to know about a file: what Keptn v1 did with it, what happens here, and what to do. The
 * caller turns `path` into line and column.
 */
export type Difference = {
  readonly severity: DifferenceSeverity
  /** Stable, for programs. */
  readonly code: string
  readonly path: FilePath
  /** What stands there, where the place alone does not say it: the name of a task. */
  readonly subject?: string
  /** What Keptn 1.4 did: whole sentences, like the next two. */
  readonly was: string
  readonly now: string
  /** Left out where there is nothing to do. */
  readonly todo?: string
}

/** `error`: does not work here as it stands. `changes`: works, and differently. `info`: good to know, nothing changes. */
export type DifferenceSeverity = 'error' | 'changes' | 'info'
