import type { Failed } from '../../ports/desired-state.ts'
import type { Git, GitResult, GitRunOptions } from './git-command.ts'
import { type GitCredentials, secretsOf } from './git-credentials.ts'
import { failure, failureOf, hostWords } from './git-failure.ts'

export type Push = {
  readonly commitId: string
  /** What the branch must point at, undefined for a new branch: nobody's commit is ever overwritten. */
  readonly parentId: string | undefined
  readonly branch: string
}

export type PushTarget = {
  readonly url: string
  /** Name for people: host and path. */
  readonly name: string
  readonly credentials: GitCredentials | undefined
}

/** What a host says when somebody else's push came first; everything else it says is a refusal. */
const RACED =
  /cannot lock ref|incorrect old value|failed to update ref|is at [0-9a-f]+ but expected|reference already exists/i
/** Of several branches, one that was refused takes the others along; they say only this. */
const TAKEN_ALONG = /^atomic (push failed|transaction failed)/i
const NO_ATOMIC = /does not support --atomic/i

/** Pushes one commit; `raced` when the branch points at something else than the commit's parent by now. */
export async function pushCommit(
  git: Git,
  target: PushTarget,
  push: Push,
  remote: GitRunOptions,
): Promise<{ code: 'pushed' } | { code: 'raced' } | Failed> {
  return await pushBranches(git, target, [push], remote)
}

/**
 * Pushes commits to several branches at once. A host that cannot do that gets them one after the other in one push; whoever asks must
 * be able to do the rest again when only some of them arrived.
 */
export async function pushBranches(
  git: Git,
  target: PushTarget,
  pushes: readonly Push[],
  remote: GitRunOptions,
): Promise<{ code: 'pushed' } | { code: 'raced' } | Failed> {
  const atomic = pushes.length > 1 ? ['--atomic'] : []
  const result = await runPush(git, target, pushes, atomic, remote)
  const lacksAtomic = result.code === 'exited' && NO_ATOMIC.test(result.stderr)
  return answerOf(lacksAtomic ? await runPush(git, target, pushes, [], remote) : result, target)
}

function runPush(
  git: Git,
  target: PushTarget,
  pushes: readonly Push[],
  atomic: readonly string[],
  remote: GitRunOptions,
): Promise<GitResult> {
  const leases = pushes.map(
    ({ branch, parentId }) => `--force-with-lease=refs/heads/${branch}:${parentId ?? ''}`,
  )
  const refspecs = pushes.map(({ branch, commitId }) => `${commitId}:refs/heads/${branch}`)
  const args = ['push', '--porcelain', ...atomic, ...leases, '--', target.url, ...refspecs]
  return git.run(args, remote)
}

function answerOf(
  result: GitResult,
  target: PushTarget,
): { code: 'pushed' } | { code: 'raced' } | Failed {
  const secrets = secretsOf(target.credentials)
  if (result.code !== 'exited')
    return { code: 'failed', failure: failureOf(result, target.name, secrets) }
  if (result.exitCode === 0) return { code: 'pushed' }
  const rejections = rejectionsOf(result.stdout.toString('utf8'))
  const own = rejections.filter(({ reason }) => !TAKEN_ALONG.test(reason))
  const [rejection = rejections[0]] = own
  if (rejection === undefined) {
    return { code: 'failed', failure: failureOf(result, target.name, secrets) }
  }
  const words = hostWords(result.stderr, secrets)
  // Of an atomic push every branch says the same, and only the host's words say why.
  const reason = TAKEN_ALONG.test(rejection.reason) ? words : rejection.reason
  if (rejection.by === 'us' || RACED.test(reason)) return { code: 'raced' }
  const said = words === '' ? rejection.reason : `${rejection.reason}: ${words}`
  const message = `${target.name} refused the push to ${rejection.branch}: ${said}`
  return { code: 'failed', failure: failure('push-refused', message) }
}

type Rejection = { readonly by: 'us' | 'host'; readonly branch: string; readonly reason: string }

/** `!\t<from>:<to>\t[remote rejected] (pre-receive hook declined)`; `[rejected]` is git's own comparison with the branch. */
function rejectionsOf(porcelain: string): Rejection[] {
  const rejections: Rejection[] = []
  for (const line of porcelain.split('\n')) {
    const [flag, refs = '', summary = ''] = line.split('\t')
    if (flag !== '!') continue
    const found = /^\[(rejected|remote rejected|remote failure|no match)\](?: \((.*)\))?/.exec(
      summary,
    )
    const branch = refs.slice(refs.indexOf(':') + 1).replace(/^refs\/heads\//, '')
    if (found?.[1] === 'rejected') rejections.push({ by: 'us', branch, reason: found[2] ?? '' })
    if (found?.[1] === 'remote rejected')
      rejections.push({ by: 'host', branch, reason: found[2] ?? 'no reason given' })
  }
  return rejections
}
