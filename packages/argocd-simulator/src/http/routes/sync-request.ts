import { z } from 'zod'

const nameValueSchema = z.object({ name: z.string().default(''), value: z.string().default('') })

/** Body of POST /{name}/sync. int64 fields are numbers; unknown fields are ignored. */
export const syncSchema = z.object({
  project: z.string().default(''),
  appNamespace: z.string().default(''),
  revision: z.string().default(''),
  revisions: z.array(z.string()).default([]),
  sourcePositions: z.array(z.number().int()).default([]),
  prune: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  strategy: z
    .object({
      apply: z.object({ force: z.boolean().exactOptional() }).nullish(),
      hook: z.object({ force: z.boolean().exactOptional() }).nullish(),
    })
    .nullish(),
  resources: z
    .array(
      z.object({
        group: z.string().exactOptional(),
        kind: z.string().default(''),
        name: z.string().default(''),
        namespace: z.string().exactOptional(),
      }),
    )
    .nullish(),
  manifests: z.array(z.string()).nullish(),
  infos: z.array(nameValueSchema).nullish(),
  retryStrategy: z
    .object({
      limit: z.number().int().exactOptional(),
      refresh: z.boolean().exactOptional(),
      backoff: z
        .object({
          duration: z.string().exactOptional(),
          factor: z.number().int().exactOptional(),
          maxDuration: z.string().exactOptional(),
        })
        .exactOptional(),
    })
    .nullish(),
  syncOptions: z.object({ items: z.array(z.string()).nullish() }).nullish(),
})

export type SyncRequest = z.output<typeof syncSchema>

/** Body of POST /{name}/rollback. */
export const rollbackSchema = z.object({
  id: z.number().int().default(0),
  prune: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  project: z.string().default(''),
  appNamespace: z.string().default(''),
})

/** The revision asked for, by source. Positions count from 1. */
export function wantedRevisions(request: SyncRequest, sourceCount: number): string[] {
  const wanted = Array.from({ length: sourceCount }, () => '')
  if (sourceCount > 0) wanted[0] = request.revision
  request.sourcePositions.forEach((position, index) => {
    wanted[position - 1] = request.revisions[index] ?? ''
  })
  return wanted
}
