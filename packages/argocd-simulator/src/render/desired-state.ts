import {
  type Application,
  type ApplicationSource,
  hasMultipleSources,
  sourcesOf,
  targetRevisionOf,
} from '../application/application.ts'
import type { Repositories } from '../git/repositories.ts'
import { type Manifest, RenderError } from './manifest.ts'
import { renderSource, withoutRepeats } from './render.ts'
import { type SourceTree, sourceTree } from './source-tree.ts'

/** What Git says an application should look like, at resolved commits (one per source). */
export type DesiredState = {
  readonly isMultiple: boolean
  readonly sources: readonly ApplicationSource[]
  readonly revisions: readonly string[]
  readonly manifests: readonly Manifest[]
  /** Objects with a hook annotation: part of an operation, never of a comparison. */
  readonly hooks: readonly Manifest[]
  readonly sourceType: string
}

export type DesiredStateWish = {
  readonly sources: readonly ApplicationSource[]
  readonly isMultiple: boolean
  /** Overrides the target revision of the source at the same place. */
  readonly revisions?: readonly (string | undefined)[]
  /** How old the remote's answer about a branch may be. 0 asks now. */
  readonly maxAgeMs: number
}

export function wishOf(application: Application, maxAgeMs: number): DesiredStateWish {
  const { spec } = application
  return { sources: sourcesOf(spec), isMultiple: hasMultipleSources(spec), maxAgeMs }
}

export const HOOK_ANNOTATION = 'argocd.argoproj.io/hook'

function isHook(manifest: Manifest): boolean {
  return manifest.metadata.annotations?.[HOOK_ANNOTATION] !== undefined
}

/** Rendered states kept; the oldest goes first. */
const CACHE_SIZE = 500

/** Resolves and renders, with a cache by commit and source, as Argo CD's repo server has one. */
export class DesiredStates {
  readonly #repositories: Repositories
  readonly #rendered = new Map<string, Promise<DesiredState>>()

  constructor(repositories: Repositories) {
    this.#repositories = repositories
  }

  /** Throws GitError or {@link RenderError}; both mean ComparisonError to Argo CD. */
  async get(application: Application, wish: DesiredStateWish): Promise<DesiredState> {
    if (wish.sources.length === 0) throw new RenderError('spec.source.repoURL is required')
    const revisions = await this.resolve(wish)
    const key = JSON.stringify([
      application.metadata.uid,
      application.spec.destination,
      wish.sources,
      revisions,
    ])
    const known = this.#rendered.get(key)
    if (known !== undefined) return await known
    const rendering = this.#render(application, wish, revisions)
    this.#rendered.set(key, rendering)
    const [oldest] = this.#rendered.keys()
    if (this.#rendered.size > CACHE_SIZE && oldest !== undefined) this.#rendered.delete(oldest)
    try {
      return await rendering
    } catch (error) {
      this.#rendered.delete(key)
      throw error
    }
  }

  async resolve(wish: DesiredStateWish): Promise<string[]> {
    return await Promise.all(
      wish.sources.map((source, index) =>
        this.#repositories
          .get(source.repoURL)
          .resolve(wish.revisions?.[index] || targetRevisionOf(source), wish.maxAgeMs),
      ),
    )
  }

  /** Drops the manifest cache: what `refresh=hard` does. */
  forget(): void {
    this.#rendered.clear()
  }

  async #render(
    application: Application,
    wish: DesiredStateWish,
    revisions: readonly string[],
  ): Promise<DesiredState> {
    const trees: SourceTree[] = wish.sources.map((source, index) =>
      sourceTree(this.#repositories.get(source.repoURL), revisions[index] ?? ''),
    )
    const references = new Map<string, SourceTree>()
    wish.sources.forEach((source, index) => {
      const tree = trees[index]
      if (source.ref !== undefined && tree !== undefined) references.set(`$${source.ref}`, tree)
    })
    const { metadata, spec } = application
    const release = { name: metadata.name, namespace: spec.destination.namespace ?? 'default' }
    const manifests: Manifest[] = []
    const sourceTypes = new Set<string>()
    for (const [index, source] of wish.sources.entries()) {
      const tree = trees[index]
      if (tree === undefined) continue
      const rendered = await renderSource(tree, source, release, references)
      manifests.push(...rendered.manifests)
      sourceTypes.add(rendered.sourceType)
    }
    return {
      isMultiple: wish.isMultiple,
      sources: wish.sources,
      revisions,
      manifests: withoutRepeats(manifests.filter((manifest) => !isHook(manifest))),
      hooks: withoutRepeats(manifests.filter(isHook)),
      sourceType: [...sourceTypes][0] ?? 'Directory',
    }
  }
}
