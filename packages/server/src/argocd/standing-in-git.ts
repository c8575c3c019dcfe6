import type { Application } from '@tiphys/contract/argocd-application.ts'
import { sameRepository } from '@tiphys/contract/repository-url.ts'
import { sourcesOf } from '@tiphys/core/deployment/application-view.ts'
import { type Standing, standingOf } from '@tiphys/core/deployment/wish.ts'
import type { DesiredState, FieldAt, FieldState } from '../ports/desired-state.ts'

/** The part of an application that a commit of ours decides about. */
export type GitWish = {
  readonly repository: string
  readonly branch: string
  /** The commit that holds what is wished. */
  readonly commitId: string
  /** The values that this run wants there, whether it had to change them or not. */
  readonly values: readonly FieldState[]
}

/**
 * Asks Git how revisions that Argo CD shows stand to a wish. What it answers about a commit never changes, so it is asked once;
 * while Git does not answer the standing is `unknown`, and asked again at the next look.
 */
export function createStandings(desiredState: DesiredState, wish: GitWish) {
  const known = new Map<string, Standing>()

  async function ask(
    revision: string,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<Standing> {
    const { repository, commitId, branch, values } = wish
    const related = await desiredState.relate({ repository, commitId, revision, paths }, signal)
    if (related.code !== 'related') return 'unknown'
    const changesApplication = related.changedFiles.length > 0
    const { relation } = related
    if (relation === 'equal' || relation === 'precedes' || values.length === 0) {
      return standingOf({ relation, changesApplication, holdsValues: true })
    }
    if (relation === 'contains' && !changesApplication) return 'satisfies'
    const fields: FieldAt[] = values.map(({ file, field }) => ({ file, field }))
    const branchOfWish = { repository, branch }
    const read = await desiredState.readFields(
      { branch: branchOfWish, fields, at: revision },
      signal,
    )
    if (read.code === 'failed' || read.code === 'unknown-commit') return 'unknown'
    const holdsValues =
      read.code === 'read' &&
      read.values.every((found, index) => found.value === values[index]?.value)
    return standingOf({ relation, changesApplication, holdsValues })
  }

  return {
    async of(
      revisions: readonly string[],
      paths: readonly string[],
      signal: AbortSignal,
    ): Promise<Readonly<Record<string, Standing>>> {
      for (const revision of revisions) {
        if (known.has(revision)) continue
        const standing = await ask(revision, paths, signal)
        if (standing !== 'unknown') known.set(revision, standing)
      }
      return Object.fromEntries(known)
    },
  }
}

export type Standings = ReturnType<typeof createStandings>

/**
 * The files that make up an application in a repository: the folders of its sources, and the files of ours that may lie beside
 * them (a values file of its own folder).
 */
export function pathsOf(
  application: Application,
  repository: string,
  fields: readonly FieldAt[],
): string[] {
  const folders = sourcesOf(application)
    .filter((source) => sameRepository(source.repoURL, repository))
    .flatMap((source) => (source.path ? [trimmed(source.path)] : []))
  // A source at the root of the repository is the whole tree.
  if (folders.includes('')) return []
  return [...new Set([...folders, ...fields.map(({ file }) => file)])]
}

function trimmed(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
}

export type WishedRevisions =
  | { readonly code: 'revisions'; readonly revisions: readonly string[] }
  | { readonly code: 'mismatch'; readonly message: string }

/**
 * Which sources of the application will run our commit: one entry per source, '' where any revision will do. `mismatch` when none can,
 * because the application reads another repository or branch.
 */
export function wishedRevisions(
  application: Application,
  git: { readonly repository: string; readonly branch: string },
  commitId: string,
): WishedRevisions {
  const sources = sourcesOf(application)
  const ofRepository = sources.filter(({ repoURL }) => sameRepository(repoURL, git.repository))
  const { name } = application.metadata
  if (ofRepository.length === 0) {
    const read = sources.map(({ repoURL }) => repoURL).join(', ') || 'no repository'
    return {
      code: 'mismatch',
      message: `argocd.yaml names repository ${git.repository}, but application ${name} reads ${read}`,
    }
  }
  const tracked = ofRepository.filter(({ targetRevision }) => tracks(targetRevision, git.branch))
  if (tracked.length === 0) {
    const read = ofRepository.map(({ targetRevision }) => targetRevision).join(', ')
    return {
      code: 'mismatch',
      message: `argocd.yaml names branch ${git.branch}, but application ${name} reads ${read}`,
    }
  }
  return {
    code: 'revisions',
    revisions: sources.map((source) => (tracked.includes(source) ? commitId : '')),
  }
}

/** HEAD is whatever branch the host calls default; only the host knows, so it is believed. */
function tracks(targetRevision: string | null | undefined, branch: string): boolean {
  const target = targetRevision || 'HEAD'
  return target === 'HEAD' || target === branch || target === `refs/heads/${branch}`
}
