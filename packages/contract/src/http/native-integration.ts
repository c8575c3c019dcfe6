import { z } from 'zod'
import { ShownSubscription } from './keptn-uniform.ts'

/** A service that registered itself to carry out tasks. */
export const IntegrationEntry = z.object({
  id: z.string(),
  name: z.string(),
  namespace: z.string(),
  hostname: z.string(),
  location: z.string(),
  version: z.string(),
  registeredAt: z.string(),
  lastSeenAt: z.string(),
  /** It has not said anything for longer than an integration pauses between two signs of life. */
  silent: z.boolean(),
  subscriptions: z.array(ShownSubscription),
  /** What it said last to have gone wrong. */
  lastError: z
    .object({ message: z.string(), at: z.string(), context: z.string(), task: z.string() })
    .optional(),
})
export type IntegrationEntry = z.infer<typeof IntegrationEntry>

export const IntegrationList = z.object({ integrations: z.array(IntegrationEntry) })
