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

const GitProxy = z.strictObject({
  /** `proxy.example.com:3128` */
  url: z.string(),
  scheme: z.enum(['http', 'https']),
  user: z.string().nullish(),
  password: z.string().nullish(),
})

/** An upstream and how to show oneself there (facts/keptn-v1.md 2.3); `https` or `ssh`, as the URL wants it. */
export const GitCredentials = z.strictObject({
  remoteURL: z.string().nullish(),
  user: z.string().nullish(),
  https: z
    .strictObject({
      token: z.string().nullish(),
      /** PEM in base64. */
      certificate: z.string().nullish(),
      insecureSkipTLS: z.boolean().nullish(),
      proxy: GitProxy.nullish(),
    })
    .nullish(),
  ssh: z
    .strictObject({
      /** The key file in base64. */
      privateKey: z.string().nullish(),
      privateKeyPass: z.string().nullish(),
    })
    .nullish(),
})
export type GitCredentials = z.infer<typeof GitCredentials>

const ShownGitCredentials = z.object({
  remoteURL: z.string(),
  user: z.string().optional(),
  https: z
    .object({
      insecureSkipTLS: z.boolean(),
      proxy: z
        .object({ url: z.string(), scheme: z.string(), user: z.string().optional() })
        .optional(),
    })
    .optional(),
})
export type ShownGitCredentials = z.infer<typeof ShownGitCredentials>

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
  /** The upstream, without its secrets. Left out where the repository is ours. */
  gitCredentials: ShownGitCredentials.optional(),
  lastEventContext: EventContext.optional(),
})
export type ExpandedProject = z.infer<typeof ExpandedProject>

export const ProjectPage = TextPage.extend({ projects: z.array(ExpandedProject) })
export const StagePage = TextPage.extend({ stages: z.array(ExpandedStage) })
export const ServicePage = TextPage.extend({ services: z.array(ExpandedService) })

/** Unknown fields are refused, as in Keptn: a mistyped one would silently be no setting. */
export const CreateProjectBody = z.strictObject({
  name: z.string(),
  /** base64; an upstream that holds a project brings its own. */
  shipyard: z.string().nullish(),
  gitCredentials: GitCredentials.nullish(),
})
export type CreateProjectBody = z.infer<typeof CreateProjectBody>

export const UpdateProjectBody = z.strictObject({
  name: z.string(),
  shipyard: z.string().nullish(),
  gitCredentials: GitCredentials.nullish(),
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

/** `GET /api/tiphys/v1/projects/{p}/upstream`: looked at when asked. */
export const UpstreamStatus = z.object({
  remoteURL: z.string(),
  layout: z.enum(['branch-per-stage', 'directories']),
  mainBranch: z.string(),
  /** Whether it answered just now and everything it holds counts here. */
  reachable: z.boolean(),
  /** What is wrong, in one sentence; '' when nothing is. */
  message: z.string(),
  /** RFC 3339, when the local copy was last known to be what the upstream holds. */
  seen: z.string().optional(),
  failingSince: z.string().optional(),
  /** ssh host keys pinned on first use. */
  hostKeys: z.array(z.object({ host: z.string(), type: z.string(), fingerprint: z.string() })),
})
export type UpstreamStatus = z.infer<typeof UpstreamStatus>

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
