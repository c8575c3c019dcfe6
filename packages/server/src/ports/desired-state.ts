import type { FieldAddress } from '@tiphys/contract/desired-field.ts'

/**
 * The Git repositories that Argo CD reads: what should run, as values in files on a branch. It is not the configuration repository
 * (ports/configuration.ts); each has its own credentials (behaviour.md 9), which the adapter finds by repository URL.
 *
 * Every call looks at the host first, unless it only asks about commits that are known here already, so an answer is never older
 * than the call. What can go wrong out there is an answer `failed`, with one plain sentence and whether trying again can help; only a
 * broken machine (no git, disk full) throws. An aborted signal makes the call reject with the signal's reason, git processes ended.
 */
export interface DesiredState {
  /**
   * The values of fields at the head of the branch, or at a commit of the repository when `at` is given (40 hex digits).
   * `values` stand in the order of `fields`. A field that does not exist has the value null; a file that does not exist, or a
   * path that leads through something else than maps and lists, is `invalid-field`.
   */
  readFields(request: ReadFieldsRequest, signal?: AbortSignal): Promise<ReadFieldsAnswer>

  /**
   * Makes one commit that changes exactly these fields, and pushes it; comments and formatting of the files stay.
   *
   * - Asking twice with the same `key` commits once: a commit of that key in the branch's recent history (`RECENT_COMMITS`) is the
   *   answer again, with `repeated: true`. So a crash between the push and the record of it needs no care by the caller.
   * - Compare and set: when the head holds something else than `onlyIf` in any field, the answer is `superseded` and nothing is
   *   written. A field that already holds its new value is no difference, whatever `onlyIf` says.
   * - When all fields hold their new values already, the answer is `no-change`, and nothing is written.
   * - Somebody else's push in between is no failure: the change is read, compared and made again on the new head, a bounded number of
   *   times. `push-refused` means that the host said no (branch protection, a hook) and carries its words.
   */
  change(change: DesiredChange, signal?: AbortSignal): Promise<ChangeAnswer>

  /** The commit of an effect in the branch's recent history (the newest `RECENT_COMMITS`): what `change` looks for itself. */
  findChange(
    request: { readonly branch: GitopsBranch; readonly key: string },
    signal?: AbortSignal,
  ): Promise<FindChangeAnswer>

  /**
   * How `revision` stands to `commitId`, and which of the paths differ between them: what "revision satisfies the wish"
   * (behaviour.md 7) is decided with, together with `readFields` at `revision`. No paths means the whole tree.
   */
  relate(request: RelateRequest, signal?: AbortSignal): Promise<RelateAnswer>

  /**
   * The newest commit, in the history of `revision`, that changed any of the paths: whose work runs there. When it carries a run
   * id, that revision is the run's own commit or contains it unchanged for these paths (behaviour.md 6). No paths means the whole tree.
   */
  lastChange(request: LastChangeRequest, signal?: AbortSignal): Promise<LastChangeAnswer>
}

/** How far back a branch is searched for the commit of an effect: days on the busiest monorepo. */
export const RECENT_COMMITS = 2_000

/** Trailers of our commits. `Tiphys-Effect` tells apart several commits of one run (two applications, a second attempt). */
export const RUN_TRAILER = 'Tiphys-Run'
export const ROLLBACK_TRAILER = 'Tiphys-Rollback-Of'
export const EFFECT_TRAILER = 'Tiphys-Effect'

export type GitopsBranch = {
  /** https or ssh, without credentials in it. */
  readonly repository: string
  readonly branch: string
}

export type FieldAt = {
  /** Path in the repository, with `/`. */
  readonly file: string
  readonly field: FieldAddress
}

/** The text of a scalar as it is written in the file (`1.10` stays `1.10`); null = no such field, or an empty one. */
export type FieldValue = string | null

export type FieldState = FieldAt & { readonly value: FieldValue }

export type ReadFieldsRequest = {
  readonly branch: GitopsBranch
  readonly fields: readonly FieldAt[]
  readonly at?: string
}

export type ReadFieldsAnswer =
  | { readonly code: 'read'; readonly commitId: string; readonly values: readonly FieldState[] }
  | UnknownCommit
  | InvalidField
  | Failed

export type DesiredChange = {
  readonly branch: GitopsBranch
  readonly edits: readonly FieldEdit[]
  /** First line of the commit message, at most 72 characters; `body` follows after an empty line. Trailers are added. */
  readonly subject: string
  readonly body?: string
  readonly runId: string
  /** The run whose deployment is taken back. */
  readonly rollbackOf?: string
  /** One per effect: run, task and attempt, and the application where a task has several. One line, no spaces. */
  readonly key: string
  /** `Name <mail>`; default `Tiphys <noreply@tiphys.dev>`. */
  readonly author?: string
}

export type FieldEdit = FieldAt & {
  /** null removes the field: what a rollback does with one that the deployment added. */
  readonly value: FieldValue
  /** What the field must hold at the head; unset = whatever it holds. */
  readonly onlyIf?: FieldValue
}

export type ChangeAnswer =
  | {
      readonly code: 'committed'
      readonly commitId: string
      /** The commit it stands on. */
      readonly parentId: string
      /** The fields in the parent and in the commit, in the order of `edits`: what a rollback needs to know. */
      readonly before: readonly FieldState[]
      readonly after: readonly FieldState[]
      /** True when an earlier call with this key had made the commit. */
      readonly repeated: boolean
    }
  | {
      readonly code: 'no-change'
      /** The head that holds the values. */
      readonly commitId: string
      readonly values: readonly FieldState[]
    }
  | {
      readonly code: 'superseded'
      /** The head that holds something else. */
      readonly commitId: string
      readonly differences: readonly FieldDifference[]
      readonly message: string
    }
  | InvalidField
  | Failed

export type FieldDifference = FieldAt & {
  readonly expected: FieldValue
  readonly found: FieldValue
}

export type FindChangeAnswer =
  | { readonly code: 'found'; readonly commit: CommitInfo }
  | { readonly code: 'none' }
  | Failed

export type RelateRequest = {
  readonly repository: string
  readonly commitId: string
  readonly revision: string
  readonly paths: readonly string[]
}

export type RelateAnswer =
  | {
      readonly code: 'related'
      /** `contains`: revision has commitId in its history. `precedes`: the other way round. `diverged`: neither. */
      readonly relation: 'equal' | 'contains' | 'precedes' | 'diverged'
      /** Files under the paths that differ between the two trees; at most 50 are named. */
      readonly changedFiles: readonly string[]
    }
  | UnknownCommit
  | Failed

export type LastChangeRequest = {
  readonly repository: string
  readonly revision: string
  readonly paths: readonly string[]
}

export type LastChangeAnswer =
  | { readonly code: 'found'; readonly commit: CommitInfo }
  /** Nothing ever changed these paths in that history. */
  | { readonly code: 'none' }
  | UnknownCommit
  | Failed

export type CommitInfo = {
  readonly commitId: string
  readonly subject: string
  /** `Name <mail>` */
  readonly author: string
  readonly timeMs: number
  /** From our trailers, where the commit has them. Anybody can write a trailer: look the run up before believing it. */
  readonly runId?: string
  readonly rollbackOf?: string
  readonly key?: string
}

/** The repository has no such commit, after looking at the host. */
export type UnknownCommit = {
  readonly code: 'unknown-commit'
  readonly commitId: string
  readonly message: string
}

/** A fault of configuration or of the file: a person has to mend it. The message names file, field and what was found. */
export type InvalidField = {
  readonly code: 'invalid-field'
  readonly file: string
  readonly message: string
}

export type Failed = { readonly code: 'failed'; readonly failure: GitFailure }

export type GitFailure = {
  readonly code: GitFailureCode
  /** One sentence for people, without secrets. */
  readonly message: string
  /** Whether the same call can succeed later without anybody changing anything. */
  readonly retryable: boolean
}

export type GitFailureCode =
  /** No credentials, or the host does not take them. */
  | 'authentication-refused'
  /** The host knows no such repository, or hides it from these credentials. */
  | 'repository-not-found'
  | 'branch-not-found'
  /** Branch protection, a hook or missing write permission; the message holds the host's words. */
  | 'push-refused'
  /** Others pushed again and again; our change found no gap. */
  | 'push-raced'
  /** Name not resolved, connection refused or broken off, 5xx. */
  | 'unreachable'
  | 'timed-out'
  /** The host's ssh key is not the one pinned on first use, or its TLS certificate is not trusted. */
  | 'host-not-trusted'
  /** http, file or another protocol that the server's settings do not allow; or a URL with credentials in it. */
  | 'url-not-allowed'
  /** An upstream of a project whose newest shipyard.yaml is none; the local copy stays at the one before. */
  | 'shipyard-unreadable'
  /** Anything else git said; its words are in the message. */
  | 'git-failed'
