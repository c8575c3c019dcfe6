import { z } from 'zod'
import { FileProblem } from './error-body.ts'
import { TokenScope } from './native-token.ts'

export const ServerInformation = z.object({
  name: z.literal('tiphys'),
  version: z.string(),
  /** Version of Keptn whose API is spoken. */
  keptnVersion: z.string(),
  /** The token that asks. */
  token: z.object({
    name: z.string(),
    scopes: z.array(TokenScope),
    projects: z.array(z.string()),
  }),
  /** Whether tests may be programs; `allow` is left out where every program may run. */
  commands: z.object({ enabled: z.boolean(), allow: z.array(z.string()).optional() }).optional(),
})
export type ServerInformation = z.infer<typeof ServerInformation>

/** Files by name; the name says what kind of file it is. */
export const LintBody = z.object({
  files: z
    .record(z.string().min(1), z.string())
    .refine((files) => Object.keys(files).length > 0, { error: 'must hold at least one file' }),
})
export type LintBody = z.infer<typeof LintBody>

export const LintAnswer = z.object({ problems: z.array(FileProblem) })

export const ArgocdInstance = z.object({
  name: z.string(),
  url: z.string(),
  reachable: z.boolean(),
  /** Why not, or what is odd about it. */
  message: z.string().optional(),
  version: z.string().optional(),
  /** When it last answered. */
  seenAt: z.string().optional(),
})
export const ArgocdInstances = z.object({ instances: z.array(ArgocdInstance) })

export const ArgocdApplication = z.object({
  instance: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
  project: z.string().optional(),
  stage: z.string().optional(),
  service: z.string().optional(),
  /** Whether it lets us write, and for what: `tiphys.dev/authorized`. */
  authorized: z.array(z.string()),
  sync: z.string().optional(),
  health: z.string().optional(),
  revision: z.string().optional(),
})
export const ArgocdApplications = z.object({ applications: z.array(ArgocdApplication) })
