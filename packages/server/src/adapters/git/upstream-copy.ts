import { rm } from 'node:fs/promises'
import {
  findLayout,
  type LayoutFinding,
  METADATA_FILE,
} from '@tiphys/core/configuration/keptn-layout.ts'
import { readShipyardFile } from '@tiphys/providers/lint-files.ts'
import type { UpstreamRefusal } from '../../ports/upstreams.ts'
import { type Heads, LOCAL_HEADS, readHeads } from './branch-heads.ts'
import type { Git } from './git-command.ts'
import type { ProjectRepositories } from './project-repositories.ts'
import type { Repositories } from './repositories.ts'
import { cloneAside, type Remote, type RemoteTimeouts } from './upstream-remote.ts'

export const SHIPYARD_FILE = 'shipyard.yaml'

/** A copy of a repository that nothing of ours points at yet, and what it turned out to hold. */
export type Copy = {
  readonly directory: string
  readonly heads: Heads
  readonly finding: LayoutFinding
  readonly shipyard: string | undefined
}

export type UpstreamCopiesParts = {
  readonly git: Git
  readonly projects: ProjectRepositories
  readonly repositories: Repositories
  readonly timeouts: RemoteTimeouts
}

/** Looks at repositories that are not ours yet, without changing anything in them. */
export class UpstreamCopies {
  readonly #parts: UpstreamCopiesParts

  constructor(parts: UpstreamCopiesParts) {
    this.#parts = parts
  }

  /** Copies the remote into a folder of its own, which is gone afterwards unless the work moved it. */
  async aside<T>(
    remote: Remote,
    work: (copy: Copy) => Promise<T | UpstreamRefusal>,
  ): Promise<T | UpstreamRefusal> {
    const { git, projects, repositories, timeouts } = this.#parts
    const directory = projects.newDirectory()
    try {
      const cloned = await cloneAside(git, remote, directory, timeouts.cloneMs)
      if (cloned.code === 'failed') return { code: 'upstream-failed', failure: cloned.failure }
      const heads = await readHeads(git, directory, LOCAL_HEADS)
      return await work(await this.#examine(directory, heads, await this.#defaultBranch(directory)))
    } finally {
      await repositories.forget(directory)
      await rm(directory, { recursive: true, force: true })
    }
  }

  /** Services that have files in a repository of ours. */
  async servicesIn(directory: string, mainBranch: string): Promise<readonly string[]> {
    const heads = await readHeads(this.#parts.git, directory, LOCAL_HEADS)
    return servicesOf((await this.#examine(directory, heads, mainBranch)).finding)
  }

  async #defaultBranch(directory: string): Promise<string | undefined> {
    const result = await this.#parts.git.run(['symbolic-ref', '--quiet', 'HEAD'], {
      gitDirectory: directory,
    })
    const name = result.code === 'exited' ? result.stdout.toString('utf8').trim() : ''
    return name.startsWith(LOCAL_HEADS) ? name.slice(LOCAL_HEADS.length) : undefined
  }

  async #examine(
    directory: string,
    heads: Heads,
    defaultBranch: string | undefined,
  ): Promise<Copy> {
    const main = defaultBranch === undefined ? undefined : heads.get(defaultBranch)
    const shipyard = main && (await this.#textOf(directory, `${main}:${SHIPYARD_FILE}`))
    const metadata = main && (await this.#textOf(directory, `${main}:${METADATA_FILE}`))
    const read = shipyard === undefined ? undefined : readShipyardFile(shipyard, SHIPYARD_FILE)
    const stages = read?.ok === true ? read.value.spec.stages.map(({ name }) => name) : undefined
    const branches = new Map<string, readonly string[]>()
    for (const [branch, commitId] of heads) {
      const matters = branch === defaultBranch || stages?.includes(branch) === true
      const paths = matters ? await this.#parts.repositories.paths(directory, commitId) : []
      branches.set(branch, [...paths])
    }
    const finding = findLayout({ defaultBranch, branches, stages, metadata })
    return { directory, heads, finding, shipyard }
  }

  async #textOf(directory: string, name: string): Promise<string | undefined> {
    const object = await this.#parts.repositories.read(directory, name)
    return object?.type === 'blob' ? object.content.toString('utf8') : undefined
  }
}

export function servicesOf(finding: LayoutFinding): string[] {
  if (finding.code === 'empty' || finding.code === 'none') return []
  return [...new Set(finding.services.map(({ service }) => service))].sort()
}
