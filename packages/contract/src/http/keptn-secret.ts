import { z } from 'zod'

export const DEFAULT_SECRET_SCOPE = 'keptn-default'

/** Values go in and never come out. */
export const SecretBody = z.object({
  name: z.string(),
  scope: z.string().nullish(),
  data: z.record(z.string(), z.string()),
})
export type SecretBody = z.infer<typeof SecretBody>

export const SecretEntry = z.object({
  name: z.string(),
  scope: z.string(),
  keys: z.array(z.string()),
})

/** Keptn writes `Secrets` with a capital. */
export const SecretList = z.object({ Secrets: z.array(SecretEntry) })
export const ScopeList = z.object({ scopes: z.array(z.string()) })
