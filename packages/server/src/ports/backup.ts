/**
 * Where a backup comes from and goes to. Each adapter copies what it keeps into a file of its own; the order in which that happens, and
 * what a backup consists of, is in operations/.
 */
export interface LogCopier {
  /**
   * Copies the log and the state beside it as they are at one moment, while others go on writing. What was committed before the
   * call is in it; nothing is in it by half. Other work has its turn meanwhile.
   */
  copyTo(file: string, options?: CopyOptions): Promise<LogCopy>
}

export type CopyOptions = {
  readonly signal?: AbortSignal
  /** How much of it is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void
}

export type LogCopy = {
  /** Of the tables. */
  readonly form: number
  readonly headPosition: number
  /** Projects that are in it: each needs its repository. */
  readonly projectIds: readonly string[]
  /** What is encrypted in it. */
  readonly secrets: readonly { readonly name: string; readonly scope: string }[]
}

export interface RepositoryCopier {
  /** Of every repository that is there. */
  ids(): Promise<readonly string[]>
  /** All branches and tags with everything they reach, in one file. `gone` when it was deleted meanwhile. */
  bundle(id: string, file: string, signal?: AbortSignal): Promise<BundleResult>
  /** Makes a repository from such a file; there must be none of this id. Throws when the file is not whole. */
  unbundle(id: string, file: string, head: string): Promise<void>
  /** Which of these commits a repository does not have. */
  missing(id: string, commits: readonly string[]): Promise<readonly string[]>
}

export type BundleResult =
  /** `head`: the branch that HEAD names, like `refs/heads/main`. */
  { readonly code: 'written'; readonly head: string } | { readonly code: 'gone' }
