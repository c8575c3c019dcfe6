import type { Failed } from '../../ports/desired-state.ts'
import type { Git, GitRunOptions } from './git-command.ts'
import { secretsOf } from './git-credentials.ts'
import { failure, failureOf, hostWords } from './git-failure.ts'
import type { Mirror } from './gitops-mirrors.ts'

export type Push = {
  readonly commitId: string
  /** What the branch must point at: nobody's commit is ever overwritten. */
  readonly parentId: string
  readonly branch: string
}

/** What a host says when somebody else's push came first; everything else it says is a refusal. */
const RACED =
  /cannot lock ref|incorrect old value|failed to update ref|is at [0-9a-f]+ but expected/i

/** Pushes one commit; `raced` when the branch points at something else than the commit's parent by now. */
export async function pushCommit(
  git: Git,
  mirror: Mirror,
  push: Push,
  remote: GitRunOptions,
): Promise<{ code: 'pushed' } | { code: 'raced' } | Failed> {
  const ref = `refs/heads/${push.branch}`
  const result = await git.run(
    [
      'push',
      '--porcelain',
      `--force-with-lease=${ref}:${push.parentId}`,
      '--',
      mirror.url,
      `${push.commitId}:${ref}`,
    ],
    remote,
  )
  const secrets = secretsOf(mirror.credentials)
  if (result.code !== 'exited')
    return { code: 'failed', failure: failureOf(result, mirror.name, secrets) }
  if (result.exitCode === 0) return { code: 'pushed' }
  const rejection = rejectionOf(result.stdout.toString('utf8'))
  if (rejection === undefined) {
    return { code: 'failed', failure: failureOf(result, mirror.name, secrets) }
  }
  if (rejection.by === 'us' || RACED.test(rejection.reason)) return { code: 'raced' }
  const words = hostWords(result.stderr, secrets)
  const said = words === '' ? rejection.reason : `${rejection.reason}: ${words}`
  return {
    code: 'failed',
    failure: failure('push-refused', `${mirror.name} refused the push to ${push.branch}: ${said}`),
  }
}

/** `!\t<from>:<to>\t[remote rejected] (pre-receive hook declined)`; `[rejected]` is git's own comparison with the branch. */
function rejectionOf(porcelain: string): { by: 'us' | 'host'; reason: string } | undefined {
  for (const line of porcelain.split('\n')) {
    const [flag, , summary = ''] = line.split('\t')
    if (flag !== '!') continue
    const found = /^\[(rejected|remote rejected|remote failure|no match)\](?: \((.*)\))?/.exec(
      summary,
    )
    if (found?.[1] === 'rejected') return { by: 'us', reason: found[2] ?? '' }
    if (found?.[1] === 'remote rejected')
      return { by: 'host', reason: found[2] ?? 'no reason given' }
  }
  return undefined
}
