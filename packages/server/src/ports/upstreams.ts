import type { KeptnLayout } from '@tiphys/core/configuration/keptn-layout.ts'
import type { GitFailure } from './desired-state.ts'

/**
 * The upstream of a project: the repository at a Git host that its configuration is kept in, beside the local copy that is read. The
 * local copy only ever holds what the upstream held, so it can be lost. What can go wrong out there is an answer, with one sentence
 * and nothing changed here; only a broken machine throws.
 */
export interface Upstreams {
  /**
   * Begins a project in an empty upstream, or adopts the Keptn project that is there, its files unchanged. Whatever else it answers,
   * nothing is left here; a repository that was begun there and not answered is adopted by the next try.
   */
  create(request: NewUpstream): Promise<UpstreamBegun | UpstreamRefusal>
  /**
   * Gives a project an upstream, another one, or other credentials for its own. Another one must be empty, and gets the whole history,
   * or hold that history already.
   */
  attach(
    projectId: string,
    connection: UpstreamConnection,
  ): Promise<{ readonly code: 'attached' } | UpstreamRefusal>
  /**
   * Fetches what is new, and answers when the local copy has it. Calls at the same time share one fetch; younger than `maxAgeMs`, the last
   * one counts. `none`: there is no upstream, or no such project.
   */
  look(projectId: string, maxAgeMs?: number): Promise<UpstreamLook>
  stateOf(projectId: string): UpstreamState | undefined
  /** Projects with an upstream. */
  projectIds(): readonly string[]
  /** ssh host keys that were pinned on first use. */
  pinnedHostKeys(): Promise<readonly HostKey[]>
}

/**
 * The local copy of an upstream is lost, and cannot be had now: nothing of the project can be read. `failure.message` is one sentence.
 * What is known of it meanwhile is in `stateOf`; a `look` fetches it again.
 */
export class LostCopyError extends Error {
  override name = 'LostCopyError'
  readonly failure: GitFailure

  constructor(failure: GitFailure) {
    super(failure.message)
    this.failure = failure
  }
}

/** Where it is, and how we show ourselves there. Secrets leave this type towards git only. */
export type UpstreamConnection = {
  /** https or ssh, without credentials in it. */
  readonly remoteUrl: string
  /** https: beside the token; default `git`. */
  readonly user?: string
  readonly token?: string
  /** ssh: the text of the key file. */
  readonly privateKey?: string
  readonly privateKeyPassphrase?: string
  /** PEM; trusted instead of the system's authorities. */
  readonly caCertificate?: string
  readonly insecureSkipTls?: boolean
  readonly proxy?: UpstreamProxy
}

export type UpstreamProxy = {
  readonly scheme: 'http' | 'https'
  /** `proxy.example.com:3128` */
  readonly address: string
  readonly user?: string
  readonly password?: string
}

export type NewUpstream = {
  readonly projectId: string
  readonly name: string
  readonly createdMs: number
  /** For an empty upstream it is needed; one that holds a project must hold the same or none must be given. */
  readonly shipyard?: string
  readonly connection: UpstreamConnection
}

export type UpstreamBegun = {
  readonly code: 'begun' | 'adopted'
  /** Services that the upstream holds files of, in the order of their names. */
  readonly services: readonly string[]
}

export type UpstreamRefusal =
  | { readonly code: 'upstream-failed'; readonly failure: GitFailure }
  /** It holds something else than this project, or belongs to another project. */
  | { readonly code: 'upstream-taken'; readonly message: string }
  | { readonly code: 'invalid'; readonly message: string }

export type UpstreamLook =
  | { readonly code: 'looked'; readonly changed: boolean; readonly services: readonly string[] }
  /** The local copy stands where it stood. */
  | { readonly code: 'failed'; readonly failure: GitFailure }
  | { readonly code: 'none' }

export type UpstreamState = {
  /** Without its secrets. */
  readonly connection: Omit<UpstreamConnection, 'token' | 'privateKey' | 'privateKeyPassphrase'>
  readonly layout: KeptnLayout
  /** When the local copy was last known to be what the upstream holds; unset since the start of the server until it answered. */
  readonly seenMs?: number
  /** Why it is not now. */
  readonly failure?: GitFailure & { readonly sinceMs: number }
}

export type HostKey = {
  /** `git.example.com`, `[git.example.com]:2222` */
  readonly host: string
  /** `ssh-ed25519` */
  readonly type: string
  /** `SHA256:…`, as ssh shows it. */
  readonly fingerprint: string
}

/** What is kept of upstreams, beside the log: secrets encrypted, never answered by any API. */
export interface UpstreamRecords {
  /** Every record; one whose secrets cannot be read any more comes without them. */
  all(): Promise<ReadonlyMap<string, UpstreamRecord>>
  /** On disk when it resolves. */
  put(projectId: string, record: UpstreamRecord): Promise<void>
  delete(projectId: string): Promise<void>
}

export type UpstreamRecord = {
  readonly connection: UpstreamConnection
  readonly layout: KeptnLayout
}
