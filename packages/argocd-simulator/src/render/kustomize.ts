import { posix } from 'node:path'
import { z } from 'zod'
import type { ApplicationSource } from '../application/application.ts'
import { containersOf, formatImage, parseImage } from './image.ts'
import {
  groupVersionKind,
  type Manifest,
  parseManifests,
  parseYamlDocuments,
  RenderError,
} from './manifest.ts'
import { filesIn, joinInside, type SourceTree } from './source-tree.ts'

export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

const imageSchema = z.strictObject({
  name: z.string(),
  newName: z.string().optional(),
  newTag: z.string().optional(),
  digest: z.string().optional(),
})

type ImageChange = z.infer<typeof imageSchema>

/** The part of a kustomization that is simulated; everything else is an error and never ignored. */
const kustomizationSchema = z.strictObject({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: z.unknown().optional(),
  resources: z.array(z.string()).default([]),
  images: z.array(imageSchema).default([]),
  namespace: z.string().optional(),
  namePrefix: z.string().optional(),
  nameSuffix: z.string().optional(),
  commonAnnotations: z.record(z.string(), z.string()).optional(),
  commonLabels: z.record(z.string(), z.string()).optional(),
  labels: z
    .array(
      z.strictObject({
        pairs: z.record(z.string(), z.string()),
        includeSelectors: z.literal(false).optional(),
      }),
    )
    .optional(),
  replicas: z.array(z.strictObject({ name: z.string(), count: z.number().int() })).default([]),
})

type Kustomization = z.infer<typeof kustomizationSchema>

/** Builds a folder that has a kustomization, with the overrides of the application's source on top. */
export async function renderKustomize(
  tree: SourceTree,
  folder: string,
  overrides: ApplicationSource['kustomize'] = {},
): Promise<Manifest[]> {
  const manifests = await build(tree, folder, [])
  const change: Kustomization = {
    ...kustomizationSchema.parse({}),
    images: (overrides.images ?? []).map(parseImageOverride),
    namePrefix: overrides.namePrefix,
    nameSuffix: overrides.nameSuffix,
    namespace: overrides.namespace,
  }
  return manifests.map((manifest) => transform(manifest, change))
}

/** Reads the form of `kustomize edit set image`: `name=newName:newTag`, or `name:newTag`. */
export function parseImageOverride(text: string): ImageChange {
  const equals = text.indexOf('=')
  const replacement = parseImage(equals === -1 ? text : text.slice(equals + 1))
  return {
    name: equals === -1 ? replacement.name : text.slice(0, equals),
    ...(equals === -1 ? {} : { newName: replacement.name }),
    ...(replacement.tag === undefined ? {} : { newTag: replacement.tag }),
    ...(replacement.digest === undefined ? {} : { digest: replacement.digest }),
  }
}

async function build(
  tree: SourceTree,
  folder: string,
  parents: readonly string[],
): Promise<Manifest[]> {
  if (parents.includes(folder)) throw new RenderError(`${folder}: kustomization includes itself`)
  const kustomization = await readKustomization(tree, folder)
  const manifests: Manifest[] = []
  for (const resource of kustomization.resources) {
    if (resource.includes('://')) {
      throw new RenderError(`${folder}: remote resource ${resource} is not simulated`)
    }
    const path = joinInside(folder, resource)
    if (/\.(ya?ml|json)$/.test(path)) manifests.push(...parseManifests(await tree.read(path), path))
    else manifests.push(...(await build(tree, path, [...parents, folder])))
  }
  return manifests.map((manifest) => transform(manifest, kustomization))
}

async function readKustomization(tree: SourceTree, folder: string): Promise<Kustomization> {
  const found = (await filesIn(tree, folder)).find((path) =>
    KUSTOMIZATION_FILES.includes(posix.basename(path)),
  )
  if (found === undefined) throw new RenderError(`${folder}: no kustomization file found`)
  const [document] = parseYamlDocuments(await tree.read(found), found)
  const parsed = kustomizationSchema.safeParse(document ?? {})
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) =>
    `${issue.path.join('.')} ${issue.message}`.trim(),
  )
  throw new RenderError(`${found}: not simulated or invalid: ${problems.join('; ')}`)
}

function transform(original: Manifest, change: Kustomization): Manifest {
  const manifest = structuredClone(original)
  const { metadata } = manifest
  for (const replica of change.replicas) {
    if (replica.name === metadata.name) setReplicas(manifest, replica.count)
  }
  metadata.name = `${change.namePrefix ?? ''}${metadata.name}${change.nameSuffix ?? ''}`
  if (change.namespace !== undefined) metadata.namespace = change.namespace
  const labels = { ...change.commonLabels }
  for (const { pairs } of change.labels ?? []) Object.assign(labels, pairs)
  if (Object.keys(labels).length > 0) metadata.labels = { ...metadata.labels, ...labels }
  if (change.commonAnnotations !== undefined) {
    metadata.annotations = { ...metadata.annotations, ...change.commonAnnotations }
  }
  for (const container of containersOf(manifest)) {
    if (container.image !== undefined) container.image = changeImage(container.image, change.images)
  }
  return manifest
}

function changeImage(image: string, changes: readonly ImageChange[]): string {
  const current = parseImage(image)
  const change = changes.find((candidate) => candidate.name === current.name)
  if (change === undefined) return image
  const name = change.newName ?? current.name
  if (change.digest !== undefined) return formatImage({ name, digest: change.digest })
  const tag = change.newTag ?? current.tag
  return formatImage({ name, ...(tag === undefined ? {} : { tag }) })
}

function setReplicas(manifest: Manifest, count: number): void {
  const scalable = ['Deployment', 'StatefulSet', 'ReplicaSet', 'Rollout']
  if (!scalable.includes(groupVersionKind(manifest).kind)) return
  const spec = manifest['spec']
  if (typeof spec === 'object' && spec !== null) Object.assign(spec, { replicas: count })
}
