import { join } from 'node:path'
import type { Clock } from '../../ports/clock.ts'
import type { UpstreamRecords } from '../../ports/upstreams.ts'
import type { ServerSettings } from '../../settings/load-settings.ts'
import { createGit, type Git } from './git-command.ts'
import { type GitConfiguration, openGitConfiguration } from './git-configuration.ts'
import { areFor, type GitCredentials } from './git-credentials.ts'
import { openGitHome } from './git-home.ts'
import { createGitopsRepositories, type GitopsRepositories } from './gitops-repository.ts'

/** Both uses of Git, with one home: the configuration of projects, and the repositories that Argo CD reads. */
export type OpenGit = {
  readonly configuration: GitConfiguration
  readonly desiredState: GitopsRepositories
  close(): Promise<void>
}

export async function openGit(parts: {
  readonly settings: ServerSettings
  readonly clock: Clock
  /** Wraps every command, to watch it. */
  readonly observe?: (git: Git) => Git
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly upstreamRecords: UpstreamRecords
}): Promise<OpenGit> {
  const { settings, clock } = parts
  const home = await openGitHome(join(settings.dataDir, 'git-home'))
  const protocols = settings.gitProtocols
  const plain = createGit({
    home,
    protocols,
    searchPath: parts.environment['PATH'] ?? '',
    environment: proxyEnvironment(parts.environment),
  })
  const git = parts.observe?.(plain) ?? plain
  const configuration = await openGitConfiguration({
    git,
    clock,
    folder: join(settings.dataDir, 'configuration'),
    records: parts.upstreamRecords,
    protocols,
    hostKeys: home,
  })
  const desiredState = createGitopsRepositories({
    git,
    clock,
    protocols,
    folder: join(settings.dataDir, 'gitops'),
    credentialsFor: (repository) => Promise.resolve(credentialsFor(settings, repository)),
  })
  return {
    configuration,
    desiredState,
    async close() {
      await configuration.close()
      await desiredState.close()
    },
  }
}

/** Of the entries whose beginning fits, the longest. */
function credentialsFor(settings: ServerSettings, repository: string): GitCredentials | undefined {
  const [best] = settings.gitCredentials
    .filter((one) => areFor(one.match, repository))
    .sort((left, right) => right.match.length - left.match.length)
  return best?.credentials
}

/** Proxies and certificate authorities of the machine count for Git too; nothing else of the environment does. */
function proxyEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const names = [
    'https_proxy',
    'HTTPS_PROXY',
    'http_proxy',
    'no_proxy',
    'NO_PROXY',
    'GIT_SSL_CAINFO',
  ]
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
