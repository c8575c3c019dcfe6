import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGit } from '../../src/adapters/git/git-command.ts'
import {
  type GitConfiguration,
  openGitConfiguration,
} from '../../src/adapters/git/git-configuration.ts'
import { openGitHome } from '../../src/adapters/git/git-home.ts'
import type { RemoteTimeouts } from '../../src/adapters/git/upstream-remote.ts'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import type { UpstreamConnection } from '../../src/ports/upstreams.ts'
import type { SecretKey } from '../../src/security/secret-key.ts'
import { createSecrets } from '../../src/security/secrets.ts'
import { createUpstreamRecords } from '../../src/security/upstream-records.ts'
import type { BareRepository } from '../peers/bare-repository.ts'
import { type GitHttp, openGitHttp } from '../peers/git-http.ts'
import { fixedClock } from './git-folder.ts'

const KEY: SecretKey = { source: 'file', material: Buffer.alloc(32, 7), file: '/data/secret.key' }
export const NOW_MS = 1_750_000_000_000
export const TOKEN = 'token-4711-secret'

export const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.2
kind: Shipyard
metadata:
  name: shop
spec:
  stages:
    - name: dev
      sequences:
        - name: delivery
          tasks:
            - name: deployment
    - name: prod
      sequences:
        - name: delivery
          tasks:
            - name: deployment
`

/** A Git host, and a server's configuration folder with everything that survives a restart. */
export type UpstreamWorld = AsyncDisposable & {
  readonly host: GitHttp
  readonly folder: string
  readonly configuration: GitConfiguration
  readonly documents: ReturnType<typeof createMemoryDocuments>
  readonly clock: ReturnType<typeof fixedClock>
  connection(name: string, more?: Partial<UpstreamConnection>): UpstreamConnection
  /** Another process on the same folder, when the one before has ended or died. */
  reopen(): Promise<GitConfiguration>
  /** Deletes the local copy of a project. */
  loseCopy(projectId: string): Promise<void>
}

const SHORT: RemoteTimeouts = { cloneMs: 20_000, fetchMs: 10_000, pushMs: 20_000 }

export async function openUpstreamWorld(
  timeouts: Partial<RemoteTimeouts> = {},
): Promise<UpstreamWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-upstream-'))
  const host = await openGitHttp()
  const documents = createMemoryDocuments()
  const clock = fixedClock(NOW_MS)
  const home = await openGitHome(join(folder, 'home'))
  const protocols = ['http', 'https', 'ssh', 'file'] as const
  const git = createGit({ home, protocols, searchPath: process.env['PATH'] ?? '' })
  const opened: GitConfiguration[] = []
  async function reopen(): Promise<GitConfiguration> {
    const secrets = await createSecrets({ documents, key: KEY })
    const configuration = await openGitConfiguration({
      git,
      clock,
      folder: join(folder, 'configuration'),
      records: createUpstreamRecords(documents, secrets),
      protocols,
      timeouts: { ...SHORT, ...timeouts },
      hostKeys: home,
    })
    opened.push(configuration)
    return configuration
  }
  const configuration = await reopen()
  return {
    host,
    folder,
    configuration,
    documents,
    clock,
    connection: (name, more = {}) => ({
      remoteUrl: host.urlOf(name),
      user: 'tiphys',
      token: TOKEN,
      ...more,
    }),
    reopen,
    loseCopy: (projectId) =>
      rm(join(folder, 'configuration', `${projectId}.git`), { recursive: true }),
    async [Symbol.asyncDispose]() {
      for (const one of opened) await one.close()
      await host[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** An empty repository whose HEAD names a branch that is not there yet, as hosts make them. */
export async function emptyRepository(
  world: Pick<UpstreamWorld, 'host'>,
  name: string,
  defaultBranch = 'main',
): Promise<BareRepository> {
  const repository = await world.host.createRepository(name, {})
  await repository.run(['update-ref', '-d', 'refs/heads/main'])
  await repository.run(['symbolic-ref', 'HEAD', `refs/heads/${defaultBranch}`])
  return repository
}

/** What Keptn 1.4 leaves behind with a branch for each stage (resource-service, its default). */
export async function keptnInBranches(
  world: Pick<UpstreamWorld, 'host'>,
  name: string,
  shipyard = SHIPYARD,
): Promise<BareRepository> {
  const repository = await emptyRepository(world, name, 'master')
  await repository.commit(
    { 'shipyard.yaml': shipyard, 'metadata.yaml': metadata(false) },
    { branch: 'master', message: 'initialized project' },
  )
  for (const stage of ['dev', 'prod']) {
    await repository.run(['branch', stage, 'master'])
    const files = {
      'carts/metadata.yaml': 'servicename: carts\n',
      'carts/slo.yaml': `# ${stage}\n`,
    }
    await repository.commit(files, { branch: stage, message: 'Added service: carts' })
  }
  await repository.commit(
    { 'slo.yaml': '# project\n' },
    { branch: 'master', message: 'Updated resource' },
  )
  return repository
}

/** The same with DIRECTORY_STAGE_STRUCTURE. */
export async function keptnInDirectories(
  world: UpstreamWorld,
  name: string,
): Promise<BareRepository> {
  const repository = await emptyRepository(world, name, 'trunk')
  const files = {
    'shipyard.yaml': SHIPYARD,
    'metadata.yaml': metadata(true),
    '.keptn-stages/dev/metadata.yaml': 'stageName: dev\n',
    '.keptn-stages/dev/carts/metadata.yaml': 'servicename: carts\n',
    '.keptn-stages/dev/carts/slo.yaml': '# dev\n',
    '.gitignore': '*.swp\n',
  }
  await repository.commit(files, { branch: 'trunk', message: 'initialized project' })
  return repository
}

function metadata(isUsingDirectoryStructure: boolean): string {
  return `projectName: shop\ncreationTimestamp: 2023-06-01 10:00:00 +0000 UTC\nisUsingDirectoryStructure: ${isUsingDirectoryStructure}\n`
}
