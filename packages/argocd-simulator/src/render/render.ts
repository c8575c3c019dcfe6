import { posix } from 'node:path'
import type { ApplicationSource } from '../application/application.ts'
import { type Release, renderHelm } from './helm.ts'
import { KUSTOMIZATION_FILES, renderKustomize } from './kustomize.ts'
import { type Manifest, parseManifests, RenderError, resourceKey } from './manifest.ts'
import { filesIn, joinInside, type SourceTree } from './source-tree.ts'

export type SourceType = 'Helm' | 'Kustomize' | 'Directory'

export type Rendered = { manifests: Manifest[]; sourceType: SourceType }

/**
 * The desired objects of one source at one commit. What tool builds them is found out as Argo CD does:
 * Chart.yaml, else a kustomization, else every YAML and JSON file of the folder. Objects without a namespace
 * get that of the destination. Throws {@link RenderError}.
 */
export async function renderSource(
  tree: SourceTree,
  source: ApplicationSource,
  release: Release,
  references: ReadonlyMap<string, SourceTree>,
): Promise<Rendered> {
  if (source.chart !== undefined && source.chart !== '') {
    throw new RenderError(`chart ${source.chart}: charts from a Helm repository are not simulated`)
  }
  const isOnlyReference = source.ref !== undefined && source.path === undefined
  if (isOnlyReference) return { manifests: [], sourceType: 'Directory' }
  const folder = joinInside(source.path ?? '')
  if ((await tree.list(folder)).length === 0)
    throw new RenderError(`${folder}: app path does not exist`)
  const rendered = await renderFolder(tree, folder, source, release, references)
  for (const manifest of rendered.manifests) {
    if (!isClusterScoped(manifest)) manifest.metadata.namespace ??= release.namespace
  }
  return { ...rendered, manifests: withoutRepeats(rendered.manifests) }
}

async function renderFolder(
  tree: SourceTree,
  folder: string,
  source: ApplicationSource,
  release: Release,
  references: ReadonlyMap<string, SourceTree>,
): Promise<Rendered> {
  const files = await filesIn(tree, folder)
  const names = new Set(files.map((path) => posix.basename(path)))
  if (names.has('Chart.yaml')) {
    const manifests = await renderHelm(tree, folder, source, release, references)
    return { manifests, sourceType: 'Helm' }
  }
  if (KUSTOMIZATION_FILES.some((name) => names.has(name))) {
    return {
      manifests: await renderKustomize(tree, folder, source.kustomize),
      sourceType: 'Kustomize',
    }
  }
  const paths = source.directory?.recurse === true ? (await tree.list(folder)).sort() : files
  const manifests: Manifest[] = []
  for (const path of paths.filter((name) => /\.(ya?ml|json)$/.test(name))) {
    manifests.push(...parseManifests(await tree.read(path), path))
  }
  return { manifests, sourceType: 'Directory' }
}

/** A later object with the same identity replaces an earlier one; Argo CD warns about it as well. */
export function withoutRepeats(manifests: readonly Manifest[]): Manifest[] {
  return [...new Map(manifests.map((manifest) => [resourceKey(manifest), manifest])).values()]
}

const CLUSTER_SCOPED = new Set([
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
])

function isClusterScoped(manifest: Manifest): boolean {
  return CLUSTER_SCOPED.has(manifest.kind)
}
