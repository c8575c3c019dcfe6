import type {
  Application,
  ApplicationSource,
  OperationState,
} from '@tiphys/contract/argocd-application.ts'
import type { ResolvedGit } from '@tiphys/contract/argocd-mapping.ts'
import { sameRepository } from '@tiphys/contract/repository-url.ts'
import { revisionsOf, sourcesOf } from '@tiphys/core/deployment/application-view.ts'
import {
  type Attribution,
  type AttributionFacts,
  attribute,
  lastOperation,
} from '@tiphys/core/deployment/attribution.ts'
import { parseRfc3339 } from '@tiphys/core/deployment/rfc3339.ts'
import type { DesiredState } from '../ports/desired-state.ts'
import type { Deployments } from '../projections/deployments.ts'

export type OwnerParts = {
  readonly desiredState: DesiredState
  readonly deployments: Deployments
  /** Whether a run of that id was ever here: anybody can write a trailer. */
  readonly isKnownRun: (projectId: string, runId: string) => Promise<boolean>
}

export type OwnerQuestion = {
  readonly instance: string
  readonly projectId: string
  readonly application: Application
  /** What argocd.yaml changes for this application: its files may lie outside of the application's own folder. */
  readonly git?: ResolvedGit
  readonly facts: Omit<AttributionFacts, 'trailerRunId' | 'adoptedBy'>
  readonly signal: AbortSignal
}

export type Owner =
  | Attribution
  /** Git could not be asked, and may be later. */
  | { readonly code: 'unclear'; readonly message: string }

/** While Git is out of reach nothing is started; after this long the operation counts as foreign all the same. */
const GIT_PATIENCE_MS = 10 * 60 * 1_000

/**
 * Whose operation it is (core/deployment/attribution.ts), with what only Git and our own records know. They are asked only when
 * the operation would start something otherwise.
 */
export async function ownerOf(parts: OwnerParts, question: OwnerQuestion): Promise<Owner> {
  const { application, facts, instance, projectId } = question
  const alone = attribute(application, facts)
  const state = lastOperation(application)
  if (alone.code !== 'foreign' || state === undefined) return alone
  const { uid } = application.metadata
  const known = await parts.deployments.ofApplication({ projectId, instance, uid })
  const adopting = known.find((one) => one.by === 'tiphys' && one.operation === state.startedAt)
  if (adopting !== undefined) return attribute(application, { ...facts, adoptedBy: adopting.runId })
  const trailer = await trailerRun(parts, question, state)
  switch (trailer.code) {
    case 'found':
      return attribute(application, { ...facts, trailerRunId: trailer.runId })
    case 'none':
      return alone
    case 'unclear': {
      const sinceMs = parseRfc3339(state.finishedAt ?? state.startedAt) ?? facts.nowMs
      return facts.nowMs - sinceMs > GIT_PATIENCE_MS ? alone : trailer
    }
  }
}

type Trailer =
  | { readonly code: 'found'; readonly runId: string }
  | { readonly code: 'none' }
  | { readonly code: 'unclear'; readonly message: string }

/** The run whose commit was the last to change the application's files, as its operation saw them. */
async function trailerRun(
  parts: OwnerParts,
  { application, projectId, git, signal }: OwnerQuestion,
  state: OperationState,
): Promise<Trailer> {
  const sources = sourcesOf(application)
  const revisions = revisionsOf(state.syncResult)
  let unclear: Trailer | undefined
  for (const [index, source] of sources.entries()) {
    const revision = revisions[index]
    if (!revision || source.chart) continue
    const paths = pathsOfSource(source, git)
    const answer = await parts.desiredState.lastChange(
      { repository: source.repoURL, revision, paths },
      signal,
    )
    // A repository that we have no way into holds no commit of ours.
    if (answer.code === 'failed' && answer.failure.retryable) {
      unclear = { code: 'unclear', message: answer.failure.message }
    }
    if (answer.code !== 'found' || answer.commit.runId === undefined) continue
    const { runId } = answer.commit
    if (await parts.isKnownRun(projectId, runId)) return { code: 'found', runId }
  }
  return unclear ?? { code: 'none' }
}

/** None means the whole tree: a source at the root of its repository, or one that only lends values files. */
function pathsOfSource(source: ApplicationSource, git: ResolvedGit | undefined): string[] {
  const isOurs = git !== undefined && sameRepository(source.repoURL, git.repository)
  const files = isOurs ? git.fields.map(({ file }) => file) : []
  if (source.path === '.') return []
  return source.path ? [source.path, ...files] : files
}
