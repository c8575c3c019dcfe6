import { z } from 'zod'
import type { Manifest } from './manifest.ts'

/** A container image reference, taken apart. `tag` and `digest` come without `:` and `@`. */
export type ImageReference = { name: string; tag?: string; digest?: string }

export function parseImage(text: string): ImageReference {
  const [beforeDigest = '', digest] = text.split('@')
  // The last colon starts a tag only behind the last slash: registry.example:5000/app has none.
  const colon = beforeDigest.lastIndexOf(':')
  const hasTag = colon > beforeDigest.lastIndexOf('/')
  return {
    name: hasTag ? beforeDigest.slice(0, colon) : beforeDigest,
    ...(hasTag ? { tag: beforeDigest.slice(colon + 1) } : {}),
    ...(digest === undefined ? {} : { digest }),
  }
}

export function formatImage(image: ImageReference): string {
  const tag = image.tag === undefined ? '' : `:${image.tag}`
  const digest = image.digest === undefined ? '' : `@${image.digest}`
  return `${image.name}${tag}${digest}`
}

const containerSchema = z.looseObject({
  image: z.string().optional(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).optional(),
})

const podOwnerSchema = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(containerSchema).optional(),
        initContainers: z.array(containerSchema).optional(),
      }),
    }),
  }),
})

export type Container = z.infer<typeof containerSchema>

/**
 * The containers of an object with a pod template. They are the objects inside the manifest itself, so that
 * writing to `image` changes it.
 */
export function containersOf(manifest: Manifest): Container[] {
  const parsed = podOwnerSchema.safeParse(manifest)
  if (!parsed.success) return []
  const podSpec = (manifest as unknown as z.infer<typeof podOwnerSchema>).spec.template.spec
  return [...(podSpec.containers ?? []), ...(podSpec.initContainers ?? [])]
}

export function imagesOf(manifests: Iterable<Manifest>): string[] {
  const images = [...manifests]
    .flatMap((manifest) => containersOf(manifest))
    .flatMap((container) => (container.image === undefined ? [] : [container.image]))
  return [...new Set(images)].sort()
}
