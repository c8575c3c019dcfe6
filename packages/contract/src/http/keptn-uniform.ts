import { z } from 'zod'
import { NumberPage, TolerantPaging } from './paging.ts'

/**
 * Integrations as Keptn's uniform API has them (facts/keptn-v1.md 2.3): a service that carries out tasks registers, says what it
 * listens to, and asks every few seconds whether that is still so. Go writes an empty list as null.
 */

const MAX_NAME_CHARACTERS = 253
const MAX_SUBSCRIPTIONS = 200
const MAX_FILTER_NAMES = 200
const MAX_LOG_ENTRIES = 1000

const Name = z.string().max(MAX_NAME_CHARACTERS)
const OptionalName = Name.nullish()
const Names = z.array(Name).max(MAX_FILTER_NAMES).nullish()

export const SubscriptionBody = z.object({
  /** Given by the server; what a client sends is not used. */
  id: OptionalName,
  /** `sh.keptn.event.<task>.triggered` */
  event: Name,
  /** An empty list means all of them. */
  filter: z.object({ projects: Names, stages: Names, services: Names }).nullish(),
})
export type SubscriptionBody = z.infer<typeof SubscriptionBody>

export const RegistrationBody = z.object({
  name: OptionalName,
  metadata: z
    .object({
      hostname: OptionalName,
      integrationversion: OptionalName,
      distributorversion: OptionalName,
      location: OptionalName,
      kubernetesmetadata: z
        .object({ namespace: OptionalName, podname: OptionalName, deploymentname: OptionalName })
        .nullish(),
    })
    .nullish(),
  subscriptions: z.array(SubscriptionBody).max(MAX_SUBSCRIPTIONS).nullish(),
})
export type RegistrationBody = z.infer<typeof RegistrationBody>

export const IdBody = z.object({ id: z.string() })
export type IdBody = z.infer<typeof IdBody>

export const ShownSubscription = z.object({
  id: z.string(),
  event: z.string(),
  filter: z.object({
    projects: z.array(z.string()),
    stages: z.array(z.string()),
    services: z.array(z.string()),
  }),
})
export type ShownSubscription = z.infer<typeof ShownSubscription>

export const ShownIntegration = z.object({
  /** SHA-1 of `name-namespace-hostname`, in hexadecimal. */
  id: z.string(),
  name: z.string(),
  metadata: z.object({
    hostname: z.string(),
    integrationversion: z.string(),
    distributorversion: z.string(),
    location: z.string(),
    kubernetesmetadata: z.object({
      namespace: z.string(),
      podname: z.string(),
      deploymentname: z.string(),
    }),
    lastseen: z.string(),
  }),
  subscriptions: z.array(ShownSubscription),
})
export type ShownIntegration = z.infer<typeof ShownIntegration>

export const IntegrationFilter = z.object({
  name: z.string().optional(),
  id: z.string().optional(),
  namespace: z.string().optional(),
  hostname: z.string().optional(),
  project: z.string().optional(),
  stage: z.string().optional(),
  service: z.string().optional(),
})
export type IntegrationFilter = z.infer<typeof IntegrationFilter>

/** What went wrong in an integration, as it tells. Keptn's clients write `shkeptncontext`, its description `keptncontext`. */
export const LogEntryBody = z.object({
  integrationid: Name,
  message: z.string(),
  time: z.string().nullish(),
  shkeptncontext: OptionalName,
  keptncontext: OptionalName,
  task: OptionalName,
  triggeredid: OptionalName,
  gitcommitid: OptionalName,
})
export type LogEntryBody = z.infer<typeof LogEntryBody>

export const LogBody = z.object({
  logs: z.array(LogEntryBody).max(MAX_LOG_ENTRIES),
})

export const ShownLogEntry = z.object({
  integrationid: z.string(),
  message: z.string(),
  time: z.string(),
  shkeptncontext: z.string(),
  task: z.string(),
  triggeredid: z.string(),
  gitcommitid: z.string(),
})
export type ShownLogEntry = z.infer<typeof ShownLogEntry>

export const LogPage = NumberPage.extend({ logs: z.array(ShownLogEntry) })

/** Times like 2006-01-02T15:04:05.000Z. */
export const LogDeletionQuery = z.object({
  integrationId: z.string().optional(),
  fromTime: z.string().optional(),
  beforeTime: z.string().optional(),
})
export const LogQuery = TolerantPaging.extend(LogDeletionQuery.shape)
