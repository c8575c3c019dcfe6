import { join } from 'node:path'
import type { GitCredentials } from '../../src/adapters/git/git-credentials.ts'
import type { Protocol } from '../../src/adapters/git/git-home.ts'
import { createGitopsRepositories } from '../../src/adapters/git/gitops-repository.ts'
import type { DesiredChange, GitopsBranch } from '../../src/ports/desired-state.ts'
import type { BareRepository } from '../peers/bare-repository.ts'
import { type GitHttp, openGitHttp } from '../peers/git-http.ts'
import { fixedClock, openGitFolder } from './git-folder.ts'

export const KUSTOMIZATION = 'apps/carts/staging/kustomization.yaml'
export const VALUES = 'apps/carts/staging/values.yaml'
export const IMAGE = {
  file: KUSTOMIZATION,
  field: { kind: 'kustomize-image', image: 'carts', part: 'reference' },
} as const
export const TAG = { file: VALUES, field: { kind: 'helm-value', path: 'image.tag' } } as const

export const FILES = {
  [KUSTOMIZATION]: '# kept\nimages:\n  - name: carts\n    newTag: "1.0" # by delivery\n',
  [VALUES]: "image:\n  tag: 'v1' # the tag\n",
  'apps/orders/staging/kustomization.yaml': 'images: []\n',
  'README.md': 'shop\n',
}

/** A GitOps repository on a Git host, and the adapter that works with it. */
export async function openGitops(
  options: {
    readonly credentials?: GitCredentials
    readonly protocols?: readonly Protocol[]
    readonly fetchTimeoutMs?: number
  } = {},
) {
  const place = await openGitFolder()
  const host: GitHttp = await openGitHttp()
  const repository: BareRepository = await host.createRepository('shop', FILES)
  const folder = join(place.folder, 'gitops')
  const { credentials, fetchTimeoutMs } = options
  const parts = {
    git: place.git,
    clock: fixedClock(1_750_000_000_000),
    folder,
    protocols: options.protocols ?? (['http', 'file'] as const),
    credentialsFor: () => Promise.resolve(credentials),
    ...(fetchTimeoutMs === undefined ? {} : { fetchTimeoutMs }),
  }
  const gitops = createGitopsRepositories(parts)
  const branch: GitopsBranch = { repository: host.urlOf('shop'), branch: 'main' }
  return {
    place,
    host,
    repository,
    gitops,
    folder,
    branch,
    /** Another server process with its own cache. */
    another: (name: string) =>
      createGitopsRepositories({ ...parts, folder: join(place.folder, name) }),
    change: (edits: DesiredChange['edits'], more: Partial<DesiredChange> = {}): DesiredChange => ({
      branch,
      edits,
      subject: 'carts: 2.0 in staging',
      runId: 'run-1',
      key: 'run-1/0/1',
      ...more,
    }),
    async [Symbol.asyncDispose]() {
      await gitops.close()
      await host[Symbol.asyncDispose]()
      await place[Symbol.asyncDispose]()
    },
  }
}
