import { setTimeout as sleep } from 'node:timers/promises'
import { isBranchName } from '@tiphys/contract/name-template.ts'
import { createKeyedMutex } from '../../keyed-mutex.ts'
import type { Clock } from '../../ports/clock.ts'
import {
  type ChangeAnswer,
  type CommitInfo,
  type DesiredChange,
  type DesiredState,
  type Failed,
  type FindChangeAnswer,
  type GitopsBranch,
  type InvalidField,
  type LastChangeAnswer,
  type LastChangeRequest,
  RECENT_COMMITS,
  type ReadFieldsAnswer,
  type ReadFieldsRequest,
  type RelateAnswer,
  type RelateRequest,
  type UnknownCommit,
} from '../../ports/desired-state.ts'
import { COMMIT_FORMAT, commitMessage, parseCommits } from './commit-message.ts'
import { identityOf, type NewFile, writeCommit } from './fast-import.ts'
import { GitError } from './git-command.ts'
import { failure } from './git-failure.ts'
import {
  differenceSentence,
  differencesOf,
  editedFiles,
  fieldStates,
  readTexts,
} from './gitops-files.ts'
import {
  createMirrors,
  failed,
  type Mirror,
  type Mirrors,
  type MirrorsParts,
} from './gitops-mirrors.ts'
import { pushCommit } from './gitops-push.ts'
import { newestChange, relateCommits } from './gitops-relation.ts'
import { createRepositories, type Repositories } from './repositories.ts'

export type GitopsParts = Omit<MirrorsParts, 'repositories'> & { readonly clock: Clock }

export type GitopsRepositories = DesiredState &
  AsyncDisposable & {
    /** Ends every process. */
    close(): Promise<void>
  }

const DEFAULT_AUTHOR = 'Tiphys'
/** Where a commit is until it is pushed; the next change overwrites it. */
const SCRATCH_REF = 'refs/tiphys/change'
/** How often others may come first. Each try reads the new head, so only a steady stream of pushes uses them up. */
const MAX_PUSHES = 8
const RETRY_MS = 50

/** The desired state in Git, by a local copy of each repository and pushes of single commits. */
export function createGitopsRepositories(parts: GitopsParts): GitopsRepositories {
  return new GitopsAdapter(parts)
}

type Tried = { readonly code: 'done'; readonly answer: ChangeAnswer } | { readonly code: 'raced' }

class GitopsAdapter implements GitopsRepositories {
  readonly #parts: GitopsParts
  readonly #repositories: Repositories
  readonly #mirrors: Mirrors
  /** One at a time per copy: fetches and the scratch ref would get into each other's way. */
  readonly #writers = createKeyedMutex()

  constructor(parts: GitopsParts) {
    this.#parts = parts
    this.#repositories = createRepositories(parts.git)
    this.#mirrors = createMirrors({ ...parts, repositories: this.#repositories })
  }

  async readFields(request: ReadFieldsRequest, signal?: AbortSignal): Promise<ReadFieldsAnswer> {
    const opened = await this.#open(request.branch)
    if (opened.code === 'failed') return opened
    const { mirror } = opened
    const at =
      request.at === undefined
        ? await this.#head(mirror, request.branch.branch, signal)
        : await this.#commit(mirror, request.at, signal)
    if (at.code !== 'commit') return at
    const read = await this.#fieldsAt(mirror, at.commitId, request.fields)
    if (read.code === 'invalid-field') return read
    return { code: 'read', commitId: at.commitId, values: read.states }
  }

  async change(change: DesiredChange, signal?: AbortSignal): Promise<ChangeAnswer> {
    const message = commitMessage(change)
    const opened = await this.#open(change.branch)
    if (opened.code === 'failed') return opened
    const { mirror } = opened
    return await this.#writers.run(mirror.directory, async () => {
      for (let push = 1; push <= MAX_PUSHES; push++) {
        const tried = await this.#tryChange(mirror, change, message, signal)
        if (tried.code === 'done') return tried.answer
        await sleep(RETRY_MS * push, undefined, signal === undefined ? {} : { signal })
      }
      const { branch } = change.branch
      return failed(
        failure(
          'push-raced',
          `${mirror.name}: others pushed to ${branch} before each of ${MAX_PUSHES} tries`,
        ),
      )
    })
  }

  async findChange(
    request: { readonly branch: GitopsBranch; readonly key: string },
    signal?: AbortSignal,
  ): Promise<FindChangeAnswer> {
    const opened = await this.#open(request.branch)
    if (opened.code === 'failed') return opened
    const head = await this.#head(opened.mirror, request.branch.branch, signal)
    if (head.code === 'failed') return head
    const commit = await this.#findKey(opened.mirror, head.commitId, request.key, signal)
    return commit === undefined ? { code: 'none' } : { code: 'found', commit }
  }

  async relate(request: RelateRequest, signal?: AbortSignal): Promise<RelateAnswer> {
    const opened = await this.#mirrors.open(request.repository)
    if (opened.code === 'failed') return opened
    const { mirror } = opened
    const { commitId, revision, paths } = request
    for (const one of [commitId, revision]) {
      const known = await this.#commit(mirror, one, signal)
      if (known.code !== 'commit') return known
    }
    const question = { directory: mirror.directory, commitId, revision, paths }
    return await relateCommits(this.#parts.git, question, signal)
  }

  async lastChange(request: LastChangeRequest, signal?: AbortSignal): Promise<LastChangeAnswer> {
    const opened = await this.#mirrors.open(request.repository)
    if (opened.code === 'failed') return opened
    const { mirror } = opened
    const known = await this.#commit(mirror, request.revision, signal)
    if (known.code !== 'commit') return known
    const { revision, paths } = request
    const question = { directory: mirror.directory, revision, paths, format: COMMIT_FORMAT }
    const [commit] = parseCommits(await newestChange(this.#parts.git, question, signal))
    return commit === undefined ? { code: 'none' } : { code: 'found', commit }
  }

  async close(): Promise<void> {
    await this.#repositories.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** One look at the head, one commit on it, one push. */
  async #tryChange(
    mirror: Mirror,
    change: DesiredChange,
    message: string,
    signal: AbortSignal | undefined,
  ): Promise<Tried> {
    const fetched = await this.#mirrors.fetchBranch(mirror, change.branch.branch, signal)
    if (fetched.code === 'failed') return done(fetched)
    const { head } = fetched
    const earlier = await this.#findKey(mirror, head, change.key, signal)
    if (earlier !== undefined) return done(await this.#repeated(mirror, change, earlier))
    const planned = await this.#plan(mirror, change, head)
    if (planned.code !== 'planned') return done(planned)
    const written = await writeCommit(this.#parts.git, mirror.directory, {
      ref: SCRATCH_REF,
      parent: head,
      author: identityOf(change.author ?? DEFAULT_AUTHOR),
      message,
      timeMs: this.#parts.clock.nowMs(),
      files: planned.files,
      force: true,
    })
    if (written.code === 'failed') throw new GitError(written.message)
    const { commitId } = written
    const push = { commitId, parentId: head, branch: change.branch.branch }
    const remote = this.#mirrors.remote(mirror, signal)
    const pushed = await pushCommit(this.#parts.git, mirror, push, remote)
    if (pushed.code === 'raced') return pushed
    if (pushed.code === 'failed') return done(pushed)
    const { before, after } = planned
    return done({ code: 'committed', commitId, parentId: head, before, after, repeated: false })
  }

  /** What the change comes to on a head: the files to write, or an answer that needs no commit. */
  async #plan(mirror: Mirror, change: DesiredChange, head: string) {
    const { edits } = change
    const read = await readTexts(this.#repositories, mirror.directory, head, edits)
    if (read.code === 'invalid-field') return read
    const before = fieldStates(read.texts, edits)
    if (before.code === 'invalid-field') return before
    const differences = differencesOf(edits, before.states)
    if (differences.length > 0) {
      const message = differences.map(differenceSentence).join('; ')
      return { code: 'superseded', commitId: head, differences, message } as const
    }
    const edited = editedFiles(read.texts, edits)
    if (edited.code === 'invalid-field') return edited
    if (edited.files.length === 0) {
      return { code: 'no-change', commitId: head, values: before.states } as const
    }
    const after = fieldStates(edited.texts, edits)
    if (after.code === 'invalid-field') return after
    const files: readonly NewFile[] = edited.files
    return { code: 'planned', files, before: before.states, after: after.states } as const
  }

  async #repeated(
    mirror: Mirror,
    change: DesiredChange,
    commit: CommitInfo,
  ): Promise<ChangeAnswer> {
    const { commitId } = commit
    const object = await this.#repositories.read(mirror.directory, commitId)
    const parentId = /^parent ([0-9a-f]+)$/m.exec(object?.content.toString('utf8') ?? '')?.[1]
    if (parentId === undefined) throw new GitError(`commit ${commitId} has no parent`)
    const before = await this.#fieldsAt(mirror, parentId, change.edits)
    if (before.code === 'invalid-field') return before
    const after = await this.#fieldsAt(mirror, commitId, change.edits)
    if (after.code === 'invalid-field') return after
    return {
      code: 'committed',
      commitId,
      parentId,
      before: before.states,
      after: after.states,
      repeated: true,
    }
  }

  async #fieldsAt(
    mirror: Mirror,
    commitId: string,
    fields: DesiredChange['edits'] | ReadFieldsRequest['fields'],
  ): Promise<ReturnType<typeof fieldStates>> {
    const read = await readTexts(this.#repositories, mirror.directory, commitId, fields)
    return read.code === 'invalid-field' ? read : fieldStates(read.texts, fields)
  }

  async #findKey(
    mirror: Mirror,
    head: string,
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<CommitInfo | undefined> {
    const result = await this.#parts.git.run(
      ['log', `--max-count=${RECENT_COMMITS}`, '--no-show-signature', COMMIT_FORMAT, head, '--'],
      { gitDirectory: mirror.directory, signal },
    )
    if (result.code !== 'exited' || result.exitCode !== 0)
      throw new GitError(`git log of ${head}: ${result.code}`)
    return parseCommits(result.stdout.toString('utf8')).find((commit) => commit.key === key)
  }

  async #open(branch: GitopsBranch): Promise<{ code: 'open'; mirror: Mirror } | Failed> {
    if (!isBranchName(branch.branch)) {
      return failed(
        failure('branch-not-found', `${JSON.stringify(branch.branch)} is no name of a branch`),
      )
    }
    return await this.#mirrors.open(branch.repository)
  }

  async #head(
    mirror: Mirror,
    branch: string,
    signal: AbortSignal | undefined,
  ): Promise<{ code: 'commit'; commitId: string } | Failed> {
    const fetched = await this.#writers.run(mirror.directory, () =>
      this.#mirrors.fetchBranch(mirror, branch, signal),
    )
    return fetched.code === 'failed' ? fetched : { code: 'commit', commitId: fetched.head }
  }

  async #commit(
    mirror: Mirror,
    commitId: string,
    signal: AbortSignal | undefined,
  ): Promise<{ code: 'commit'; commitId: string } | UnknownCommit | Failed> {
    const unknown: UnknownCommit = {
      code: 'unknown-commit',
      commitId,
      message: `${mirror.name} has no commit ${commitId.slice(0, 40)}`,
    }
    if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commitId)) return unknown
    const fetched = await this.#writers.run(mirror.directory, () =>
      this.#mirrors.fetchCommit(mirror, commitId, signal),
    )
    if (fetched.code === 'failed') return fetched
    return fetched.known ? { code: 'commit', commitId } : unknown
  }
}

function done(answer: ChangeAnswer | InvalidField): Tried {
  return { code: 'done', answer }
}
