import { z } from 'zod'
import { TextPage } from './paging.ts'

/** What happened last: ids and a time in nanoseconds since 1970, as text. */
export const EventContext = z.object({
  eventId: z.string(),
  keptnContext: z.string(),
  time: z.string(),
})
export type EventContext = z.infer<typeof EventContext>

export const ExpandedService = z.object({
  serviceName: z.string(),
  /** Nanoseconds since 1970, as text. */
  creationDate: z.string(),
  /** Left out until something was deployed. */
  deployedImage: z.string().optional(),
  /** By event type. */
  lastEventTypes: z.record(z.string(), EventContext),
  openRemediations: z.array(z.unknown()),
})
export type ExpandedService = z.infer<typeof ExpandedService>

export const ExpandedStage = z.object({
  stageName: z.string(),
  services: z.array(ExpandedService),
  /** Stages whose end triggers a sequence of this one. */
  parentStages: z.array(z.string()),
  lastEventContext: EventContext.optional(),
})
export type ExpandedStage = z.infer<typeof ExpandedStage>

export const ExpandedProject = z.object({
  projectName: z.string(),
  creationDate: z.string(),
  /** The text of shipyard.yaml. */
  shipyard: z.string(),
  /** `spec.keptn.sh/0.2.2` */
  shipyardVersion: z.string(),
  stages: z.array(ExpandedStage),
  /** The repository is ours: nobody had to name an upstream. */
  isUpstreamAutoProvisioned: z.boolean(),
  lastEventContext: EventContext.optional(),
})
export type ExpandedProject = z.infer<typeof ExpandedProject>

export const ProjectPage = TextPage.extend({ projects: z.array(ExpandedProject) })
export const StagePage = TextPage.extend({ stages: z.array(ExpandedStage) })
export const ServicePage = TextPage.extend({ services: z.array(ExpandedService) })

/** Unknown fields are refused, as in Keptn: a mistyped one would silently be no setting. */
export const CreateProjectBody = z.strictObject({
  name: z.string(),
  /** base64 */
  shipyard: z.string(),
  gitCredentials: z.unknown().optional(),
})
export type CreateProjectBody = z.infer<typeof CreateProjectBody>

export const UpdateProjectBody = z.strictObject({
  name: z.string(),
  shipyard: z.string().optional(),
  gitCredentials: z.unknown().optional(),
})
export type UpdateProjectBody = z.infer<typeof UpdateProjectBody>

export const CreateServiceBody = z.object({ serviceName: z.string() })
export type CreateServiceBody = z.infer<typeof CreateServiceBody>

/** `POST …/evaluation`: start and end, or a timeframe (facts/keptn-v1.md 3.2). */
export const TriggerEvaluationBody = z.object({
  labels: z.record(z.string(), z.string()).nullish(),
  start: z.string().nullish(),
  end: z.string().nullish(),
  timeframe: z.string().nullish(),
  gitcommitid: z.string().nullish(),
})
export type TriggerEvaluationBody = z.infer<typeof TriggerEvaluationBody>

/** The answer to an accepted event. */
export const EventAccepted = z.object({ keptnContext: z.string() })
export type EventAccepted = z.infer<typeof EventAccepted>

export const Empty = z.object({})
export const Message = z.object({ message: z.string() })

export const KeptnMetadata = z.object({
  namespace: z.string(),
  /** The version of Keptn whose API this is. */
  keptnversion: z.string(),
  keptnlabel: z.string(),
  bridgeversion: z.string(),
  shipyardversion: z.string(),
  keptnservices: z.record(z.string(), z.unknown()),
  automaticprovisioning: z.boolean(),
})
export type KeptnMetadata = z.infer<typeof KeptnMetadata>
