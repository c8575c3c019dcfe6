import { z } from 'zod'
import { TextPage } from './paging.ts'

const Version = z.object({
  branch: z.string().optional(),
  upstreamURL: z.string(),
  /** The commit. */
  version: z.string(),
})

/** What a write answers. */
export const WrittenResources = z.object({ commitID: z.string(), metadata: Version })

export const ResourcePage = TextPage.extend({
  resources: z.array(z.object({ resourceURI: z.string(), metadata: Version })),
})

export const Resource = z.object({
  resourceURI: z.string(),
  /** base64 */
  resourceContent: z.string(),
  metadata: Version,
})
export type Resource = z.infer<typeof Resource>

export const WriteResourcesBody = z.object({
  resources: z
    .array(z.object({ resourceURI: z.string(), resourceContent: z.string() }))
    .min(1, { error: 'must hold at least one resource' })
    .max(1000, { error: 'must hold at most 1000 resources' }),
})
export type WriteResourcesBody = z.infer<typeof WriteResourcesBody>

export const WriteResourceBody = z.object({ resourceContent: z.string() })
