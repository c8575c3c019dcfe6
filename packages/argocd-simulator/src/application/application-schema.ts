import { z } from 'zod'
import type { NewApplication } from './application-store.ts'

const sourceSchema = z.object({
  repoURL: z.string().min(1),
  targetRevision: z.string().exactOptional(),
  path: z.string().exactOptional(),
  chart: z.string().exactOptional(),
  ref: z.string().exactOptional(),
  name: z.string().exactOptional(),
  directory: z.object({ recurse: z.boolean().exactOptional() }).exactOptional(),
  helm: z
    .object({
      parameters: z
        .array(
          z.object({
            name: z.string(),
            value: z.string(),
            forceString: z.boolean().exactOptional(),
          }),
        )
        .exactOptional(),
      valueFiles: z.array(z.string()).exactOptional(),
      values: z.string().exactOptional(),
      valuesObject: z.record(z.string(), z.unknown()).exactOptional(),
      releaseName: z.string().exactOptional(),
      ignoreMissingValueFiles: z.boolean().exactOptional(),
    })
    .exactOptional(),
  kustomize: z
    .object({
      images: z.array(z.string()).exactOptional(),
      namePrefix: z.string().exactOptional(),
      nameSuffix: z.string().exactOptional(),
      namespace: z.string().exactOptional(),
    })
    .exactOptional(),
})

const retrySchema = z.object({
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

/** `spec` of an Application; what the simulator does not know is dropped, as the API server drops it. */
export const specSchema = z.object({
  project: z.string().default('default'),
  destination: z
    .object({
      server: z.string().exactOptional(),
      name: z.string().exactOptional(),
      namespace: z.string().exactOptional(),
    })
    .default({ server: 'https://kubernetes.default.svc', namespace: 'default' }),
  source: sourceSchema.exactOptional(),
  sources: z.array(sourceSchema).exactOptional(),
  syncPolicy: z
    .object({
      automated: z
        .object({
          prune: z.boolean().exactOptional(),
          selfHeal: z.boolean().exactOptional(),
          allowEmpty: z.boolean().exactOptional(),
          enabled: z.boolean().exactOptional(),
        })
        .exactOptional(),
      syncOptions: z.array(z.string()).exactOptional(),
      retry: retrySchema.exactOptional(),
    })
    .exactOptional(),
  revisionHistoryLimit: z.number().int().min(0).exactOptional(),
  info: z.array(z.object({ name: z.string(), value: z.string() })).exactOptional(),
})

/** An Application manifest as people write it. `status`, `kind` and the like are ignored. */
export const applicationSchema = z.object({
  metadata: z.object({
    name: z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a DNS name in lower case'),
    namespace: z.string().default('argocd'),
    labels: z.record(z.string(), z.string()).exactOptional(),
    annotations: z.record(z.string(), z.string()).exactOptional(),
    finalizers: z.array(z.string()).exactOptional(),
  }),
  spec: specSchema,
})

/** An Application, and the port of its ingress: that is where the deployed service is reachable. */
export const applicationSpecSchema = applicationSchema.extend({
  apiVersion: z.literal('argoproj.io/v1alpha1').optional(),
  kind: z.literal('Application').optional(),
  /** A free port if left out. */
  ingressPort: z.number().int().min(0).max(65_535).default(0),
})

/** What a caller writes down to add an application. */
export type ApplicationSpec = z.input<typeof applicationSpecSchema>

export function newApplication(parsed: z.output<typeof applicationSchema>): NewApplication {
  return { metadata: parsed.metadata, spec: parsed.spec }
}
